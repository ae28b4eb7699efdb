/** The names by which a service of the mesh may be asked for. */

import { isIP, isIPv6 } from "node:net";
import type { Registry } from "../../services/registry.ts";
import type { Service } from "../../services/service.ts";
import type { ServiceDomains } from "../context/shared-lowering.ts";

/** For a proxy of a namespace; `undefined`: of any other than the service's. */
export function serviceDomains(
  service: Service,
  registry: Registry,
  proxyNamespace: string | undefined,
  domainSuffix: string,
): ServiceDomains {
  const short = new Set<string>();
  const domains: string[] = [];
  for (const host of [service.host, ...registry.aliases(service)]) {
    domains.push(host);
    for (const name of shortNames(host, proxyNamespace, domainSuffix)) {
      domains.push(name);
      short.add(name);
    }
  }
  // Its endpoints have names of their own, below the service's.
  const below = service.headless ? domains.map((domain) => `*.${domain}`) : [];
  const addresses = service.addresses.filter((address) => isIP(address) !== 0);
  return { domains: [...domains, ...below, ...addresses.map(inAuthority)], short };
}

/** `name.ns.svc.suffix` is also `name.ns.svc`, `name.ns` and, from its own namespace, `name`. */
export function shortNames(host: string, proxyNamespace: string | undefined, domainSuffix: string): string[] {
  const absolute = `${host}.`;
  const suffix = `.svc.${domainSuffix}`;
  if (!host.endsWith(suffix)) {
    return [absolute];
  }
  const inside = host.slice(0, -suffix.length);
  const [name = "", namespace, ...rest] = inside.split(".");
  if (namespace === undefined || rest.length > 0) {
    return [absolute];
  }
  return [absolute, ...(namespace === proxyNamespace ? [name] : []), `${inside}.svc`, inside];
}

/** An address as it stands in an authority. */
function inAuthority(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}
