/**
 * Connections that a Gateway passes on without reading HTTP in them: `tcp` rules for its servers of TCP, and of TLS that
 * ends here; `tls` rules, by the name that a client asks for, for TLS that ends elsewhere.
 */

import type { ServerTls, TcpChain } from "../../../ir/ir.ts";
import type { GatheringContext } from "../context/gathering-context.ts";
import { resolveGatewayName } from "../rules/gateway-names.ts";
import { lowerTcpRoute } from "../rules/tcp-routes.ts";
import type { VirtualService } from "../rules/virtual-services.ts";

/** Where the chains are for. */
export interface TcpPlace {
  readonly name: string;
  /** `namespace/name` */
  readonly gateway: string;
  /** The server's, which rules speak of. */
  readonly port: number;
  readonly address: string;
  readonly boundPort: number;
  readonly proxyProtocol?: true;
}

/** What a rule's `match` says, of what a gateway can tell; it knows no clients' labels and addresses. */
interface Match {
  readonly port?: number;
  readonly gateways?: readonly string[];
}

/** One chain, of the first rule that applies: without one, connections are closed. */
export function lowerTcpServer(
  place: TcpPlace,
  virtualServices: readonly VirtualService[],
  tls: ServerTls | undefined,
  lowering: GatheringContext,
): TcpChain[] {
  for (const virtualService of virtualServices) {
    for (const [rule, { match, route }] of (virtualService.resource.spec.tcp ?? []).entries()) {
      const matches: readonly Match[] = match?.length ? match : [{}];
      const applying = matches.findIndex((one) => applies(one, place, virtualService));
      if (applying >= 0) {
        const at = { list: "tcp", rule, ...(match?.length && { match: applying }) } as const;
        const lowered = lowerTcpRoute(route, at, virtualService, place, lowering);
        return lowered === undefined
          ? []
          : [{ ...chainOf(place), serverNames: tls?.serverNames ?? [], ...(tls && { tls }), ...lowered }];
      }
    }
  }
  return [];
}

/** A chain for each match, by the names that clients ask for. One with a name that is taken on the port is left out. */
export function lowerPassthroughServer(
  place: TcpPlace,
  virtualServices: readonly VirtualService[],
  takenNames: Map<string, object>,
  lowering: GatheringContext,
): TcpChain[] {
  const chains: TcpChain[] = [];
  for (const virtualService of virtualServices) {
    for (const [rule, { match, route }] of (virtualService.resource.spec.tls ?? []).entries()) {
      for (const [index, one] of (match ?? []).entries()) {
        const names = [...new Set((one.sniHosts ?? []).map((name) => name.toLowerCase()))];
        if (!applies(one, place, virtualService) || names.length === 0) {
          continue;
        }
        const taken = names.find((name) => takenNames.has(name));
        if (taken !== undefined) {
          // Of the same VirtualService, another server may have brought it.
          if (takenNames.get(taken) !== virtualService) {
            lowering.effects.report(
              "SL0271",
              `port ${place.port} of Gateway ${place.gateway} already serves "${taken}"; this match is ignored`,
              virtualService.resource.spanOf(["spec", "tls", rule, "match", index, "sniHosts"]),
            );
          }
          continue;
        }
        const lowered = lowerTcpRoute(
          route,
          { list: "tls", rule, match: index },
          virtualService,
          place,
          lowering,
        );
        if (lowered === undefined) {
          continue;
        }
        for (const name of names) {
          takenNames.set(name, virtualService);
        }
        chains.push({
          ...chainOf(place),
          name: `${place.name}_${chains.length}`,
          serverNames: names.includes("*") ? [] : names,
          readsServerName: true,
          ...lowered,
        });
      }
    }
  }
  return chains;
}

export function chainOf({
  name,
  address,
  port: servicePort,
  boundPort,
  proxyProtocol,
}: TcpPlace): Pick<TcpChain, "name" | "role" | "address" | "port" | "servicePort" | "proxyProtocol"> {
  const isTranslated = boundPort !== 0 && boundPort !== servicePort;
  return {
    name,
    role: "gateway",
    address,
    port: boundPort,
    ...(isTranslated && { servicePort }),
    ...(proxyProtocol && { proxyProtocol }),
  };
}

/** Unlike for HTTP, all of it must hold. */
function applies({ port, gateways }: Match, place: TcpPlace, { resource }: VirtualService): boolean {
  return (
    (!port || port === place.port) &&
    (!gateways?.length ||
      gateways.some((name) => resolveGatewayName(name, resource.namespace) === place.gateway))
  );
}
