/** DestinationRules for hosts that no service has: most often a name that was misspelt. */

import { nearest } from "../../../diagnostics/nearest.ts";
import type { ResourceSet } from "../../resources/model.ts";
import { covers, resolveHost } from "../../services/host-names.ts";
import { didYouMean } from "../../services/report.ts";
import { exposure } from "../../services/visibility.ts";
import type { LoweringContext } from "../context/lowering-context.ts";

export function reportUnknownHosts(
  { destinationRules }: ResourceSet,
  { registry, options, report }: LoweringContext,
): void {
  for (const resource of destinationRules) {
    if (exposure(resource.spec.exportTo, resource.namespace, options.proxyNamespace) === undefined) {
      continue;
    }
    const host = resolveHost(resource.spec.host, resource.namespace, options.domainSuffix);
    const known =
      registry.get(host) !== undefined ||
      registry.services.some((service) => covers(host, service.host) || covers(service.host, host));
    if (!known) {
      report(
        "SL0406",
        `no service has the host "${host}"; this rule has no effect`,
        resource.spanOf(["spec", "host"]),
        () =>
          didYouMean(
            nearest(
              host,
              registry.services.map((service) => service.host),
            ),
          ),
      );
    }
  }
}
