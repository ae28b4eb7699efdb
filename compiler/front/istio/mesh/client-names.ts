/** What clients of a proxy know services by: names, and the addresses that these are resolved to. */

import { isIP } from "node:net";
import { covers } from "../../services/host-names.ts";
import type { Service } from "../../services/service.ts";
import type { VirtualAddresses } from "../../services/virtual-addresses.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import { shortNames } from "./service-domains.ts";

/** Its own single addresses, or the one that it is given. */
export function addressesOfName(service: Service, virtualAddresses: VirtualAddresses): readonly string[] {
  const own = service.addresses.filter((address) => isIP(address) !== 0);
  const virtual = virtualAddresses.of(service);
  return own.length > 0 || virtual === undefined ? own : [virtual];
}

/** A service that a client's name leads to. */
export interface NamedService {
  readonly host: string;
  readonly ports: readonly number[];
  /** What the name is resolved to, as far as the rules say it. */
  readonly addresses: readonly string[];
}

/** By its whole name, a short one, or a wildcard; `undefined`: the proxy knows no such service. */
export function serviceNamed(
  name: string,
  { registry, virtualAddresses, options }: Pick<LoweringContext, "registry" | "virtualAddresses" | "options">,
): NamedService | undefined {
  const { proxyNamespace, domainSuffix } = options;
  const isShort = ({ host }: Service) => shortNames(host, proxyNamespace, domainSuffix).includes(name);
  const service =
    registry.get(name) ??
    registry.services.find(isShort) ??
    registry.services.find(({ host }) => covers(host, name));
  if (service === undefined) {
    return undefined;
  }
  return {
    host: service.host,
    ports: service.ports.map(({ number }) => number),
    addresses: addressesOfName(service, virtualAddresses),
  };
}
