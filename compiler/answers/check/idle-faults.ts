/** Faults that are never injected, since no share of the requests is told, or none. */

import type { FieldPath, HttpRoute } from "../../front/resources/model.ts";
import type { VirtualService } from "./rule-surroundings.ts";
import type { View } from "./view.ts";

export function lintIdleFaults(
  owner: VirtualService,
  { fault }: HttpRoute,
  path: FieldPath,
  view: View,
): void {
  const { delay, abort } = fault ?? {};
  for (const [kind, part, deprecated] of [
    ["delay", delay, delay?.percent],
    ["abort", abort, undefined],
  ] as const) {
    const percentage = part?.percentage;
    if (part === undefined || deprecated) {
      continue;
    }
    const place = [...path, "fault", kind];
    if (percentage === undefined && deprecated === undefined) {
      view.report("SL0816", owner, place, `without a percentage, no request gets this ${kind}`, {
        help: "For every request, add percentage: {value: 100}.",
      });
    } else if (!percentage?.value) {
      view.report("SL0817", owner, place, `no request gets this ${kind}: its percentage is 0`, {
        help: "Give it a percentage, or remove it.",
      });
    }
  }
}
