/**
 * Which names the proxy itself resolves, as istiod's name table says it (`pkg/dns/server/name_table.go`): services that the
 * proxy sees, with their own addresses or those that they are given. Headless services are left to the cluster's own DNS,
 * which knows their Pods as they come and go.
 */

import type { DnsDomain, DnsServer } from "../../../ir/dns.ts";
import { compareStrings } from "../../../ir/text.ts";
import { parseSocket } from "../../../options/kinds.ts";
import type { Service } from "../../services/service.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import { addressesOfName } from "./client-names.ts";
import { shortNames } from "./service-domains.ts";

/** Undefined: it resolves none. */
export function lowerDns({
  options: { dns, proxyNamespace, domainSuffix },
  registry,
  virtualAddresses,
}: LoweringContext): DnsServer | undefined {
  if (dns === "") {
    return undefined;
  }
  const addressesOf = (service: Service) => addressesOfName(service, virtualAddresses);
  const domains = new Map<string, DnsDomain>();
  const add = (name: string, addresses: readonly string[]) => {
    if (addresses.length > 0 && isResolvable(name) && !domains.has(name)) {
      domains.set(name, { name, addresses });
    }
  };
  for (const service of registry.services) {
    add(service.host, addressesOf(service));
  }
  // A name in full is its owner's, whoever has it for a short one.
  for (const service of registry.services.filter(({ source }) => source === "kubernetes")) {
    for (const name of shortNames(service.host, proxyNamespace, domainSuffix)) {
      add(name, addressesOf(service));
    }
  }
  const sorted = [...domains.values()].sort((a, b) => compareStrings(a.name, b.name));
  return { ...parseSocket(dns)!, domains: sorted };
}

/** What Envoy takes for a name: labels, of which the first may be `*`. The form with a dot at its end means the same. */
function isResolvable(name: string): boolean {
  return (
    name.length <= 253 &&
    /^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/.test(name)
  );
}
