/** `http[].mirror`, `mirrors` and the percentages of them. */

import type { Mirror } from "../../../ir/ir.ts";
import type { Destination, FieldPath, HttpRoute } from "../../resources/model.ts";
import type { GatheringContext } from "../context/gathering-context.ts";
import type { Site } from "../context/site.ts";
import { destinationCluster } from "./destinations.ts";
import { perMillion, shareOf } from "./faults.ts";
import type { VirtualService } from "./virtual-services.ts";

const ALL = 1_000_000;

/** Copies that would never be made are left out; `{}` when there are none. */
export function lowerMirrors(
  http: HttpRoute,
  rule: number,
  virtualService: VirtualService,
  site: Site,
  lowering: GatheringContext,
): { readonly mirrors?: readonly Mirror[] } {
  const lower = (destination: Destination, share: number, path: FieldPath): Mirror[] =>
    share === 0
      ? []
      : [
          {
            cluster: destinationCluster(
              destination,
              ["spec", "http", rule, ...path],
              virtualService,
              site,
              lowering,
            ),
            perMillion: share,
          },
        ];
  // A rule has one or the other; one that was put together of a delegate's and its root's can have both.
  const mirrors = [
    ...(http.mirror === undefined ? [] : lower(http.mirror, mirrorShare(http), ["mirror"])),
    ...(http.mirrors ?? []).flatMap(({ destination, percentage }, index) =>
      lower(destination, percentage === undefined ? ALL : shareOf(percentage), [
        "mirrors",
        index,
        "destination",
      ]),
    ),
  ];
  return mirrors.length === 0 ? {} : { mirrors };
}

/** Nothing said is all, a percentage without a value is none. */
function mirrorShare({ mirrorPercentage, mirrorPercent, mirror_percent }: HttpRoute): number {
  if (mirrorPercentage !== undefined) {
    return shareOf(mirrorPercentage);
  }
  const percent = mirrorPercent ?? mirror_percent;
  return percent === undefined ? ALL : perMillion(percent * 10_000);
}
