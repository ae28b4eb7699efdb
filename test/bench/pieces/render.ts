/** What the pieces cost, as a table for a terminal, and as one of docs/performance.md. */

import type { PieceCost } from "./measure-piece.ts";

const COLUMNS = [
  { name: "piece", width: 18 },
  { name: "a request meets", width: 44 },
  { name: "target", width: 6 },
  { name: "without", width: 7, isNumber: true },
  { name: "with", width: 7, isNumber: true },
  { name: "adds µs", width: 7, isNumber: true },
  { name: "middle half", width: 16, isNumber: true },
  { name: "with ÷ without", width: 14, isNumber: true },
  { name: "calls", width: 7, isNumber: true },
] as const;

export function renderHeader(): string {
  const line = COLUMNS.map((column) =>
    "isNumber" in column ? `${"-".repeat(column.width - 1)}:` : "-".repeat(column.width),
  );
  return `${row(COLUMNS.map(({ name }) => name))}\n${row(line)}`;
}

export function renderCost(cost: PieceCost): string {
  const { piece, what, target, without, adds, middleHalf } = cost;
  return row([
    piece,
    what,
    target,
    without.toFixed(1),
    cost.with.toFixed(1),
    signed(adds),
    middleHalf.map(signed).join(" to "),
    ratio(cost),
    calls(cost),
  ]);
}

/** A line for each piece, both targets beside one another; `caption` says how it was measured. */
export function renderPage(costs: readonly PieceCost[], caption: string): string {
  const of = (piece: string, target: PieceCost["target"]) =>
    costs.find((cost) => cost.piece === piece && cost.target === target)!;
  const cell = (cost: PieceCost) =>
    `${signed(cost.adds)} (${cost.middleHalf.map(signed).join(" to ")}), × ${ratio(cost)}`;
  const rows = [...new Set(costs.map(({ piece }) => piece))].map((piece) => {
    const [wasm, native] = [of(piece, "wasm"), of(piece, "native")];
    return `| ${[wasm.what, cell(wasm), calls(wasm), cell(native)].join(" | ")} |`;
  });
  return [
    "| | filter: µs more | calls | native: µs more |",
    "|---|--:|--:|--:|",
    ...rows,
    "",
    `(${caption}. \`npm run bench -- pieces --write\` measures it again and writes this.)`,
  ].join("\n");
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;
}

function ratio({ without, with: having }: PieceCost): string {
  return (having / without).toFixed(2);
}

function calls({ calls }: PieceCost): string {
  return calls === undefined ? "" : `${calls.without} → ${calls.with}`;
}

function row(cells: readonly string[]): string {
  const padded = cells.map((cell, i) => {
    const column = COLUMNS[i]!;
    return "isNumber" in column ? cell.padStart(column.width) : cell.padEnd(column.width);
  });
  return `| ${padded.join(" | ")} |`;
}
