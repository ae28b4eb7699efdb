/**
 * A line on a terminal that says how far a compilation is, once it takes longer than people wait without wondering.
 * Compiling is synchronous, and so is writing to a terminal: the line needs no timer, and none would fire.
 */

import type { Phase, Progress } from "../index.ts";
import type { Terminal } from "./terminal.ts";

/** Milliseconds until the first line, and between two. */
const PATIENCE = 1000;
const INTERVAL = 100;
const BAR = 24;
const CLEAR = "\r\x1b[K";

/** In words, and whether what is counted is a number of things. */
const PHASES: Readonly<
  Record<Phase, { readonly doing: string; readonly unit: string; readonly scale: number }>
> = {
  reading: { doing: "Reading", unit: "files", scale: 1 },
  parsing: { doing: "Parsing", unit: "KB", scale: 1000 },
  checking: { doing: "Checking", unit: "resources", scale: 1 },
  lowering: { doing: "Lowering", unit: "virtual services", scale: 1 },
  encoding: { doing: "Encoding", unit: "virtual hosts", scale: 1 },
};

export interface ProgressBar extends Progress {
  /** Takes the line away for good, before anything else is written. */
  done(): void;
}

/** Says nothing unless standard error is a terminal. */
export function progressBar(
  { err, errColumns }: Pick<Terminal, "err" | "errColumns">,
  now: () => number = () => performance.now(),
): ProgressBar {
  if (errColumns === undefined) {
    return { at() {}, done() {} };
  }
  const start = now();
  let last: number | undefined;
  let shown: Phase | undefined;
  let isOver = false;
  return {
    at(phase, done, total) {
      const time = now();
      const since =
        last === undefined ? time - start - PATIENCE : time - last - (phase === shown ? INTERVAL : 0);
      if (isOver || since < 0) {
        return;
      }
      last = time;
      shown = phase;
      err(CLEAR + render(phase, done, total).slice(0, errColumns - 1));
    },
    done() {
      if (last !== undefined && !isOver) {
        err(CLEAR);
      }
      isOver = true;
    },
  };
}

function render(phase: Phase, done: number, total: number): string {
  const { doing, unit, scale } = PHASES[phase];
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.floor(share * BAR);
  const count = (n: number) => Math.round(n / scale).toLocaleString("en");
  const bar = "█".repeat(filled) + "░".repeat(BAR - filled);
  return `${doing.padEnd(8)} ${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${count(done)} of ${count(total)} ${unit}`;
}
