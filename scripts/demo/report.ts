/** What was seen of one rule, and the table that shows it. Knows nothing of requests or of Envoy. */

import type { Colors } from "../../compiler/cli/terminal.ts";
import { binomialInterval } from "../../compiler/index.ts";

/** A rule and what was seen of it. */
export interface Row {
  /** `VirtualService reviews`, and the name of the rule within. */
  readonly resource: string;
  readonly rule: string;
  /** `reviews.yaml:35` */
  readonly where: string;
  readonly checks: readonly Check[];
  /** Why nothing was asked; the checks are empty then. */
  readonly note?: string;
}

/** One expectation and what was observed, in words, with the verdict. */
export interface Check {
  readonly asked: string;
  readonly expected: string;
  readonly observed: string;
  readonly fits: boolean;
}

/** Envoy's timers count from the start of a turn of its loop, so they may be early by a little. */
const EARLY_MS = 20;

/** Holds a count against a probability. */
export function share(what: string, probability: number, count: number, of: number): Omit<Check, "asked"> {
  const { low, high } = binomialInterval(of, probability);
  const fits = count >= low && count <= high;
  if (low === high) {
    const all = probability === 1 ? "all" : "none";
    return { expected: `${all} ${what}`, observed: `${count} of ${of}`, fits };
  }
  return {
    expected: `${percent(probability)} ${what} (${low}–${high})`,
    observed: `${count} (${percent(count / of)})`,
    fits,
  };
}

/** Holds times against what a rule makes them, with what a busy machine may add. */
export function duration(
  what: string,
  expectedMs: number,
  measured: readonly number[],
  slackMs: number,
): Omit<Check, "asked"> {
  const first = Math.min(...measured);
  const last = Math.max(...measured);
  const [low, high] = [expectedMs - EARLY_MS, expectedMs + slackMs];
  return {
    expected: `${what} ${seconds(expectedMs)} (${seconds(low)}–${seconds(high)})`,
    observed: measured.length === 0 ? "nothing" : `${seconds(first)}–${seconds(last)}`,
    fits: measured.length > 0 && first >= low && last <= high,
  };
}

/** How late an answer may be early and still count as delayed by a rule. */
export function isLate(elapsedMs: number, delayMs: number): boolean {
  return elapsedMs >= delayMs - EARLY_MS;
}

export function percent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(1))} %`;
}

export function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

export function failures(rows: readonly Row[]): Row[] {
  return rows.filter((row) => row.checks.some(({ fits }) => !fits));
}

/** `VirtualService reviews › split` */
export function title({ resource, rule }: Row): string {
  return rule === "" ? resource : `${resource} › ${rule}`;
}

const HEAD = ["asked", "expected (accepted)", "observed"] as const;

/** A line for each rule, and beneath it one for each thing that was asked of it. */
export function renderTable(rows: readonly Row[], colors: Colors): string {
  const cells = rows.flatMap(({ checks }) => checks.map(columns));
  const widths = HEAD.map((head, column) =>
    Math.max(...[HEAD, ...cells].map((line) => width(line[column]!)), width(head)),
  );
  const pad = (text: string, column: number) =>
    column === HEAD.length - 1 ? text : text + " ".repeat(widths[column]! - width(text));
  const lines = [colors.dim(`    ${HEAD.map(pad).join("  ")}`)];
  for (const row of rows) {
    lines.push(`${colors.bold(title(row))}  ${colors.cyan(row.where)}`);
    if (row.checks.length === 0) {
      lines.push(colors.dim(`  – ${row.note ?? "not asked"}`));
    }
    let before = "";
    for (const check of row.checks) {
      const [asked, expected, observed] = columns(check);
      const mark = check.fits ? colors.green("✓") : colors.red("✗");
      const seen = check.fits ? observed : colors.red(observed);
      lines.push(`  ${mark} ${pad(asked === before ? "" : asked, 0)}  ${pad(expected, 1)}  ${seen}`);
      before = asked;
    }
  }
  return lines.map((line) => `${line}\n`).join("");
}

function columns({ asked, expected, observed }: Check): [string, string, string] {
  return [asked, expected, observed];
}

/** In terminal columns; every character used here takes one. */
function width(text: string): number {
  return [...text].length;
}
