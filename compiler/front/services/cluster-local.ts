/**
 * Services that are for their own cluster alone: `serviceSettings[].settings.clusterLocal` of the mesh, and those that istiod takes for
 * such (`pilot/pkg/model/cluster_local.go`). Their endpoints in other clusters are not this proxy's.
 */

import type { MeshConfigSpec } from "../resources/model.ts";
import { HostMap } from "./host-map.ts";
import { covers, isWildcard } from "./host-names.ts";

type ServiceSettings = MeshConfigSpec["serviceSettings"];

/** Of a host in lower case. The most specific host that is written for it decides, a default as one that is written. */
export function isClusterLocal(host: string, settings: ServiceSettings, domainSuffix: string): boolean {
  return clusterLocalHosts(settings, domainSuffix).mostSpecific(host) ?? false;
}

function clusterLocalHosts(settings: ServiceSettings = [], domainSuffix: string): HostMap<boolean> {
  const hosts = new HostMap<boolean>();
  const written = settings.flatMap(({ hosts = [], settings: { clusterLocal = false } = {} }) =>
    hosts.map((host) => ({ host: host.toLowerCase(), clusterLocal })),
  );
  for (const host of [`*.kube-system.svc.${domainSuffix}`, `kubernetes.default.svc.${domainSuffix}`]) {
    // One that is for all clusters takes a default away, be it for one host of those alone.
    const isOverruled = written.some(
      (one) => !one.clusterLocal && (one.host === host || (isWildcard(host) && covers(host, one.host))),
    );
    if (!isOverruled) {
      hosts.set(host, true);
    }
  }
  for (const { host, clusterLocal } of written) {
    hosts.set(host, clusterLocal);
  }
  return hosts;
}
