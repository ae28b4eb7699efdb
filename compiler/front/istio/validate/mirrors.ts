/** Destinations that get a copy of the request. */

import type { FieldPath } from "../../resources/resource.ts";
import type { HttpRoute } from "../../resources/types.ts";
import { checkDestination } from "./destinations.ts";
import { checkPercentage } from "./percentage.ts";
import { each, type Reporter } from "./reporter.ts";

export function checkMirrors(reporter: Reporter, route: HttpRoute, path: FieldPath): void {
  if (route.mirror) {
    checkDestination(reporter, route.mirror, [...path, "mirror"]);
  }
  for (const field of ["mirrorPercent", "mirror_percent"] as const) {
    const percent = route[field];
    if (percent === undefined) {
      continue;
    }
    const at = [...path, field];
    reporter.report("SL0235", at, `${field} is deprecated`, "Use mirrorPercentage.");
    if (percent > 100) {
      reporter.report("SL0233", at, `${percent} is not a valid percentage`);
    }
  }
  checkPercentage(reporter, route.mirrorPercentage, [...path, "mirrorPercentage"], 0);
  each(route.mirrors, [...path, "mirrors"], (mirror, at) => {
    if (!mirror) {
      reporter.report("SL0223", at, "the destination is missing");
    } else {
      checkDestination(reporter, mirror.destination, [...at, "destination"]);
      checkPercentage(reporter, mirror.percentage, [...at, "percentage"], 0);
    }
  });
}
