/** What is defined and never asked for. */

import { destinationsOf } from "../../front/resources/destinations.ts";
import { covers, isWildcard, resolveHost } from "../../front/services/host-names.ts";
import type { View } from "./view.ts";

export function lintUnused(view: View): void {
  const { resources, options } = view;
  const hosts = new Set<string>();
  const subsets = new Set<string>();
  for (const virtualService of resources.virtualServices) {
    for (const { destination } of destinationsOf(virtualService)) {
      const host = resolveHost(destination.host, virtualService.namespace, options.domainSuffix);
      hosts.add(host);
      if (destination.subset) {
        subsets.add(`${host} ${destination.subset}`);
      }
    }
  }
  for (const rule of resources.destinationRules) {
    const own = resolveHost(rule.spec.host, rule.namespace, options.domainSuffix);
    // A host without a service has been spoken of.
    if (view.services.findCovering(own, rule.namespace).length === 0) {
      continue;
    }
    const used = isWildcard(own)
      ? [...hosts].filter((host) => covers(own, host))
      : hosts.has(own)
        ? [own]
        : [];
    if (used.length === 0) {
      view.report("SL0809", rule, ["spec", "host"], `no VirtualService sends requests to "${own}"`, {
        help: "The policy applies only to requests for the host itself; requests reach subsets only through rules.",
      });
      continue;
    }
    for (const [i, { name }] of (rule.spec.subsets ?? []).entries()) {
      if (used.some((host) => subsets.has(`${host} ${name}`))) {
        continue;
      }
      view.report(
        "SL0810",
        rule,
        ["spec", "subsets", i, "name"],
        `no rule sends requests to subset "${name}"`,
        {
          help: "Remove it, or name it in a VirtualService.",
        },
      );
    }
  }
}
