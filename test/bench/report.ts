/** What was measured, as a table for people. */

import { type Measured, medianDifference } from "./measure.ts";
import { PEERS, type PeerName } from "./peers.ts";

export interface Result {
  readonly shape: string;
  readonly size: number;
  readonly measured: readonly Measured[];
}

const COLUMNS = [
  "shape",
  "rules",
  ...PEERS,
  "filter adds",
  "to no-op",
  "to fixed",
  "native ÷ wasm",
  "blob",
  "ready ms",
  "MiB",
];

export function renderHeader(): string {
  return `${row(COLUMNS)}\n${row(COLUMNS.map((name, i) => (i === 0 ? "---" : `--:`.padStart(name.length, "-"))))}`;
}

export function renderResult({ shape, size, measured }: Result): string {
  const by = new Map(measured.map((one) => [one.peer, one]));
  const cost = (name: PeerName) => by.get(name)?.median;
  const show = (value: number | undefined, digits = 1) => (value === undefined ? "" : value.toFixed(digits));
  const more = (than: PeerName) => {
    const [wasm, other] = [by.get("wasm"), by.get(than)];
    return wasm && other && medianDifference(wasm, other);
  };
  const ratio = (a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined ? undefined : a / b;
  return row([
    shape,
    String(size),
    ...PEERS.map((name) => show(cost(name))),
    show(more("none"), 2),
    show(more("noop"), 2),
    show(more("fixed"), 2),
    show(ratio(cost("native"), cost("wasm")), 2),
    bytes(by.get("wasm")?.blobBytes),
    show(by.get("wasm")?.readyMs),
    show(mebibytes(by)),
  ]);
}

/** How far the rounds of one peer were apart, so that a reader knows what a difference is worth. */
export function renderSpread(results: readonly Result[]): string {
  const spreads = results.flatMap(({ measured }) =>
    measured.map(({ least, most, median }) => (most - least) / median),
  );
  const sorted = spreads.sort((a, b) => a - b);
  const middle = sorted[sorted.length >> 1] ?? 0;
  return `The rounds of a peer differ by ${(middle * 100).toFixed(0)} % (the median of all; at most ${((sorted.at(-1) ?? 0) * 100).toFixed(0)} %).`;
}

/** What the process with the program takes more than the one with a filter that does nothing: one worker. */
function mebibytes(by: ReadonlyMap<PeerName, Measured>): number | undefined {
  const [wasm, noop] = [by.get("wasm"), by.get("noop")];
  return wasm && noop && (wasm.residentBytes - noop.residentBytes) / 2 ** 20;
}

function bytes(count: number | undefined): string {
  return count === undefined ? "" : count < 10_240 ? `${count} B` : `${(count / 1024).toFixed(0)} KiB`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(14) : cell.padStart(COLUMNS[i]!.length))).join(" | ")} |`;
}
