/** Matches on a port that no server of the Gateways they hold at has: no request meets them there. */

import { MESH, resolveGatewayName } from "../../front/istio/rules/gateway-names.ts";
import type { GatewaySpec, Resource } from "../../front/resources/model.ts";
import type { VirtualService } from "./rule-surroundings.ts";
import type { View } from "./view.ts";

/** Delegates have the Gateways of whoever delegates to them, and rules of the mesh the ports of every service. */
export function reportUnservedPorts(view: View): void {
  const { virtualServices, gateways } = view.resources;
  const byName = new Map(gateways.map((gateway) => [`${gateway.namespace}/${gateway.name}`, gateway]));
  for (const virtualService of virtualServices) {
    if (virtualService.spec.hosts?.length) {
      reportMatches(virtualService, byName, view);
    }
  }
}

function reportMatches(
  owner: VirtualService,
  gateways: ReadonlyMap<string, Resource<GatewaySpec>>,
  view: View,
): void {
  for (const kind of ["http", "tls", "tcp"] as const) {
    for (const [i, rule] of (owner.spec[kind] ?? []).entries()) {
      for (const [j, match] of (rule?.match ?? []).entries()) {
        if (!match?.port) {
          continue;
        }
        const written = match.gateways?.length ? match.gateways : owner.spec.gateways;
        const names = (written?.length ? written : [MESH]).map((name) =>
          resolveGatewayName(name, owner.namespace),
        );
        // Of a Gateway that is not in the input, the ports are not known; that it is unknown is said elsewhere.
        const ports = names.flatMap(
          (name) => gateways.get(name)?.spec.servers?.map(({ port }) => port?.number) ?? [0],
        );
        if (ports.includes(match.port) || ports.includes(0)) {
          continue;
        }
        const all = [...new Set(ports)].join(", ");
        view.report(
          "SL0820",
          owner,
          ["spec", kind, i, "match", j, "port"],
          `no server of ${names.length === 1 ? `Gateway ${names[0]}` : "these Gateways"} has port ${match.port}, so no request matches`,
          { help: all === "" ? "The Gateway has no servers." : `Ports of servers: ${all}.` },
        );
      }
    }
  }
}
