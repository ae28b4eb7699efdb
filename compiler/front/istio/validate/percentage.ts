/** Percentages of faults and mirrors. Source: istiod's `validatePercentage` and what calls it. */

import type { FieldPath } from "../../resources/resource.ts";
import type { Percent } from "../../resources/types.ts";
import type { Reporter } from "./reporter.ts";

/** `least`: the smallest part that istiod takes for one, besides 0. */
export function checkPercentage(
  reporter: Reporter,
  percent: Percent | undefined,
  path: FieldPath,
  least: number,
): void {
  const value = percent?.value;
  if (value === undefined || value === 0) {
    return;
  }
  if (!(value >= least && value <= 100)) {
    reporter.report(
      "SL0233",
      [...path, "value"],
      `${value} is not a valid percentage`,
      `Use 0, or ${least} to 100.`,
    );
  }
}
