/** Findings of `check`, found by their place: a file of 10,000 rules may have as many. */

import type { JsonDiagnostic } from "../../../diagnostics/render/json.ts";
import { groupBy } from "../live/group-by.ts";

type Placed = JsonDiagnostic & { readonly line: number };

export class FindingsByLine {
  readonly #byFile: ReadonlyMap<string | undefined, readonly Placed[]>;

  constructor(findings: readonly JsonDiagnostic[]) {
    const placed = findings.filter((finding): finding is Placed => finding.line !== undefined);
    const byFile = groupBy(placed, ({ file }) => file);
    for (const own of byFile.values()) {
      own.sort((a, b) => a.line - b.line);
    }
    this.#byFile = byFile;
  }

  /** Those of the lines of a file, both ends included, in their order. */
  of(path: string | undefined, from: number, to: number): readonly Placed[] {
    const all = this.#byFile.get(path) ?? [];
    const begin = firstAt(all, from);
    return all.slice(begin, firstAt(all, to + 1));
  }
}

function firstAt(all: readonly Placed[], line: number): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (all[middle]!.line < line) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
