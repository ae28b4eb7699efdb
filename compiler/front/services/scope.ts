/**
 * Which of several namespaces a host is taken from. A sidecar takes its own namespace's, else that of the Kubernetes
 * Service, else that of the oldest, and all of the host from there; a router, which serves others, goes by the last two
 * alone. (`SidecarScope` of istiod)
 */

import type { Service } from "./service.ts";

export type Scope = "sidecar" | "router";

type Claim = Pick<Service, "host" | "namespace" | "source">;

/** What a proxy of the namespace is left with, of all services that it sees, the oldest first. */
export function inScope<T extends Claim>(
  services: readonly T[],
  namespace: string,
  scope: Scope,
): readonly T[] {
  if (scope === "router") {
    return services;
  }
  const chosen = new Map<string, Claim>();
  for (const service of services) {
    const known = chosen.get(service.host);
    if (known === undefined || goesBefore(service, known, namespace)) {
      chosen.set(service.host, service);
    }
  }
  return services.filter(({ host, namespace: own }) => chosen.get(host)!.namespace === own);
}

function goesBefore(service: Claim, known: Claim, own: string): boolean {
  return (
    known.namespace !== own &&
    (service.namespace === own || (service.source === "kubernetes" && known.source !== "kubernetes"))
  );
}
