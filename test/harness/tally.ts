/**
 * What became of the recorded cases of a file: how many agree, how many wait for a field that is refused by name, and
 * how many are not asked and why. Nothing is passed over in silence: the counts are printed, and once more, for all
 * files together, when the last one is through (`tally-report.ts`).
 */

import { appendFileSync } from "node:fs";
import { expect } from "vitest";
import type { JsonDiagnostic } from "../../compiler/index.ts";

/** Where the counts of all files meet; the report sets it. */
export const TALLY_FILE = "SLUICE_TEST_TALLY";

export interface Counts {
  readonly file: string;
  readonly held: number;
  readonly pending: number;
  readonly left: number;
}

export class Tally {
  readonly #file: string;
  readonly #pending = new Map<string, Set<string>>();
  readonly #left = new Map<string, string[]>();
  #held = 0;

  /** The file of cases, and which of its parts or targets. */
  constructor(file: string) {
    this.#file = file;
  }

  held(): void {
    this.#held += 1;
  }

  left(id: string, why: string): void {
    this.#left.set(why, [...(this.#left.get(why) ?? []), id]);
  }

  /**
   * True when the rules of a case were refused; every error must then name a field that is not supported yet. As soon
   * as the field is, the case is asked.
   */
  isPending(id: string, diagnostics: readonly Pick<JsonDiagnostic, "code" | "level" | "message">[]): boolean {
    const errors = diagnostics.filter(({ level }) => level === "error");
    const others = errors.filter(({ code }) => !code.startsWith("SL03"));
    const lines = others.map(({ code, message }) => `${code} ${message}`);
    expect(lines.length, lines.join("\n")).toBe(0);
    for (const { message } of errors) {
      const field = message.replaceAll(/\[\d+\]/g, "[]");
      const ids = this.#pending.get(field) ?? new Set();
      this.#pending.set(field, ids.add(id));
    }
    return errors.length > 0;
  }

  print(): void {
    const pending = new Set([...this.#pending.values()].flatMap((ids) => [...ids])).size;
    const left = [...this.#left.values()].flat().length;
    const counts: Counts = { file: this.#file, held: this.#held, pending, left };
    const file = process.env[TALLY_FILE];
    if (file !== undefined) {
      appendFileSync(file, `${JSON.stringify(counts)}\n`);
    }
    console.log(
      [
        describeCounts(counts),
        ...[...this.#pending].map(([field, ids]) => `  pending, ${field}: ${[...ids].join(", ")}`),
        ...[...this.#left].map(([why, ids]) => `  not asked, ${why}: ${summary(ids)}`),
      ].join("\n"),
    );
  }
}

export function describeCounts({ file, held, pending, left }: Counts): string {
  return `recorded cases of ${file}: ${held} agree, ${pending} pending, ${left} not asked`;
}

const MAX_NAMED = 12;

function summary(ids: readonly string[]): string {
  const unique = [...new Set(ids)];
  const named = unique.slice(0, MAX_NAMED).join(", ");
  return unique.length > MAX_NAMED ? `${named} … (${unique.length})` : named;
}
