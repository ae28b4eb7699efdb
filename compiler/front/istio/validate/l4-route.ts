/** tls and tcp rules of a VirtualService. Source: istiod's `validateTLSRoute`, `validateTCPRoute`. */

import { isIP } from "node:net";
import type { FieldPath } from "../../resources/resource.ts";
import type { RouteDestination, TcpRoute, TlsRoute, VirtualServiceSpec } from "../../resources/types.ts";
import { covers } from "../../services/host-names.ts";
import { checkLabels, checkPort, hostError, quote } from "./common.ts";
import { checkDestination } from "./destinations.ts";
import { checkGatewayNames } from "./gateway-names.ts";
import { each, type Reporter } from "./reporter.ts";

export function checkTlsRoute(
  reporter: Reporter,
  rule: TlsRoute,
  path: FieldPath,
  { hosts = [], gateways = [] }: VirtualServiceSpec,
): void {
  const internal = !gateways.includes("mesh");
  if (!rule?.match?.length) {
    reporter.report("SL0260", path, "a tls rule needs a match with sniHosts");
  }
  each(rule?.match, [...path, "match"], (match, at) => {
    if (!match?.sniHosts?.length) {
      reporter.report("SL0260", at, "a tls match needs sniHosts");
    }
    each(match?.sniHosts, [...at, "sniHosts"], (sni, place) => {
      const wrong = isIP(sni) !== 0 || (internal && isInternalSni(sni)) ? undefined : hostError(sni, true);
      if (wrong !== undefined) {
        reporter.report("SL0203", place, `${quote(sni)}: ${wrong}`);
      } else if (isIP(sni) !== 0) {
        reporter.report("SL0261", place, "clients never send an IP address as SNI, so this never matches");
      } else if (!hosts.some((host) => covers(host, sni))) {
        reporter.report("SL0260", place, `${quote(sni)} is not covered by the hosts of the VirtualService`);
      }
    });
    checkL4Match(reporter, match ?? {}, at);
  });
  checkDestinations(reporter, rule?.route, path);
}

export function checkTcpRoute(reporter: Reporter, rule: TcpRoute, path: FieldPath): void {
  each(rule?.match, [...path, "match"], (match, at) => checkL4Match(reporter, match ?? {}, at));
  checkDestinations(reporter, rule?.route, path);
}

interface L4Match {
  readonly destinationSubnets?: readonly string[];
  readonly port?: number;
  readonly sourceLabels?: Readonly<Record<string, string>>;
  readonly gateways?: readonly string[];
}

function checkL4Match(reporter: Reporter, match: L4Match, path: FieldPath): void {
  each(match.destinationSubnets, [...path, "destinationSubnets"], (subnet, at) => {
    if (!isSubnet(subnet)) {
      reporter.report("SL0262", at, `${quote(subnet)} is neither an IP address nor a CIDR range`);
    }
  });
  if (match.port !== undefined && match.port !== 0) {
    checkPort(reporter, match.port, [...path, "port"]);
  }
  checkLabels(reporter, match.sourceLabels, [...path, "sourceLabels"]);
  checkGatewayNames(reporter, match.gateways, [...path, "gateways"]);
}

/** The server name by which gateways of a mesh address one another's services: `outbound_.80_._.a.example`. */
export function isInternalSni(name: string): boolean {
  return name.length <= 255 && /^outbound_[^_]*\d[^_]*_[^_]*_[^_]*[A-Za-z]/.test(name);
}

/** An IP address, or one with a prefix length. */
export function isSubnet(text: string): boolean {
  const [address, length, ...more] = text.split("/");
  const family = isIP(address!);
  // A network is no one's interface: with a length there is no zone.
  if (family === 0 || more.length > 0 || (length !== undefined && address!.includes("%"))) {
    return false;
  }
  return (
    length === undefined || (/^(0|[1-9]\d{0,2})$/.test(length) && Number(length) <= (family === 4 ? 32 : 128))
  );
}

function checkDestinations(
  reporter: Reporter,
  route: readonly RouteDestination[] | undefined,
  path: FieldPath,
): void {
  const list = [...path, "route"];
  if (!route?.length) {
    reporter.report("SL0223", path, "the route is missing");
    return;
  }
  let sum = 0;
  each(route, list, (entry, at) => {
    checkDestination(reporter, entry?.destination, [...at, "destination"]);
    const weight = entry?.weight ?? 0;
    if (weight < 0) {
      reporter.report("SL0224", [...at, "weight"], `a weight must not be negative, got ${weight}`);
    }
    sum += Math.max(weight, 0);
  });
  if (route.length > 1 && sum === 0) {
    reporter.report("SL0224", list, "the weights add up to 0, so no destination can be chosen");
  }
}
