/** SL0406: a DestinationRule for a host that no service has, most often a name that was misspelt. */

import { nearest } from "../../../diagnostics/nearest.ts";
import { resolveHost } from "../../services/host-names.ts";
import type { Refused } from "../../services/refused.ts";
import { didYouMean, type Report } from "../../services/report.ts";
import type { Viewer } from "./viewer.ts";

export function reportPolicyHosts(
  viewer: Viewer,
  refused: Refused,
  { domainSuffix }: { readonly domainSuffix: string },
  report: Report,
): void {
  for (const resource of viewer.destinationRules) {
    const { spec, namespace } = resource;
    const host = resolveHost(spec.host, namespace, domainSuffix);
    if (!viewer.knowsHost(host, namespace) && !refused.hasHost(host)) {
      report(
        "SL0406",
        `no service has the host "${host}"; this rule has no effect`,
        resource.spanOf(["spec", "host"]),
        () => didYouMean(nearest(host, viewer.hosts())),
      );
    }
  }
}
