/**
 * Commands of the documentation, run as a reader would run them: what they print is what documents and pictures show, and
 * what tests hold against them.
 */

import path from "node:path";
import { runCommandLine } from "../../compiler/cli/commands.ts";
import { type Stream, Terminal } from "../../compiler/cli/terminal.ts";
import { ROOT } from "./site-pages.ts";

/** The rules of the first page, and what is shown of them. */
export const FIRST_EXAMPLE = path.join(ROOT, "envoy/examples/first");

/** Characters of a line in a picture. */
export const COLUMNS = 80;

export interface Printed {
  readonly code: number;
  /** Standard output and standard error, as they come. */
  readonly text: string;
}

/** What `sluice ARGS` prints in a folder; in colours, as on a terminal of `COLUMNS`. */
export async function runSluice(
  args: readonly string[],
  folder: string,
  { colors = false } = {},
): Promise<Printed> {
  const parts: string[] = [];
  const stream: Stream = { write: (text: string) => void parts.push(text), isTTY: colors, columns: COLUMNS };
  const before = process.cwd();
  process.chdir(folder);
  try {
    // Progress is written over, which only a terminal can show.
    const terminal = new Terminal(stream, { ...stream, isTTY: false });
    const code = await runCommandLine(args, terminal);
    return { code, text: parts.join("") };
  } finally {
    process.chdir(before);
  }
}

/** The words of a line for a shell, without its quotes and its comment. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [, single, double, plain] of line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)) {
    if (plain?.startsWith("#")) {
      break;
    }
    words.push(single ?? double ?? plain!);
  }
  return words;
}
