/**
 * Hosts that differ from those of services in nothing but capitals. Names of hosts have no case, and here they have none;
 * istiod compares destinations and policies with services letter by letter, and the same rules decide otherwise there.
 */

import { destinationsOf } from "../../front/resources/destinations.ts";
import type { FieldPath, Resource } from "../../front/resources/model.ts";
import { resolveHost } from "../../front/services/host-names.ts";
import { kubernetesHost } from "../../front/services/kubernetes.ts";
import type { View } from "./view.ts";

export function reportHostCase(view: View): void {
  const { virtualServices, destinationRules } = view.resources;
  const services = writtenHosts(view);
  for (const virtualService of virtualServices) {
    for (const { destination, path } of destinationsOf(virtualService)) {
      report(
        virtualService,
        [...path, "host"],
        destination.host,
        "requests to it get a 503 there",
        services,
        view,
      );
    }
  }
  for (const rule of destinationRules) {
    report(rule, ["spec", "host"], rule.spec.host, "this rule has no effect there", services, view);
  }
}

/** Of all services, as they are written, by their lower case. */
function writtenHosts({ resources, options }: View): Map<string, string[]> {
  const hosts = new Map<string, string[]>();
  for (const written of [
    ...resources.services.map((service) => kubernetesHost(service, options.domainSuffix)),
    ...resources.serviceEntries.flatMap(({ spec }) => spec.hosts ?? []),
  ]) {
    const lower = written.toLowerCase();
    hosts.set(lower, [...(hosts.get(lower) ?? []), written]);
  }
  return hosts;
}

function report(
  owner: Resource<unknown>,
  path: FieldPath,
  host: string | undefined,
  fate: string,
  services: ReadonlyMap<string, readonly string[]>,
  view: View,
): void {
  if (host === undefined) {
    return;
  }
  const full = resolveHost(host, owner.namespace, view.options.domainSuffix);
  const known = services.get(full) ?? [];
  const asWritten = `${host}${full.slice(host.length)}`;
  const other = known[0];
  if (other !== undefined && !known.includes(asWritten)) {
    const alike = other.slice(0, host.length);
    view.report("SL0824", owner, path, `Istio treats "${host}" and "${alike}" as two hosts; ${fate}`, {
      help: `Write ${alike}.`,
    });
  }
}
