/** Which settings of a `trafficPolicy` hold for one port of a service, or of a subset of it. */

import type { PortTrafficPolicy, TrafficPolicy } from "../../resources/model.ts";

/** What a port may have settings of its own for. */
type PortPolicy = Pick<PortTrafficPolicy, "loadBalancer" | "connectionPool" | "outlierDetection" | "tls">;
/** What holds for all ports of a host or a subset. */
type WholePolicy = Pick<TrafficPolicy, "proxyProtocol" | "retryBudget">;

export type EffectivePolicy = PortPolicy & WholePolicy;

/**
 * Settings of a port replace those of the host as a whole: what they leave out goes back to its default. A subset
 * replaces block by block, unless it has settings of the port, which leave only what no port can have.
 */
export function effectivePolicy(
  host: TrafficPolicy | undefined,
  subset: TrafficPolicy | undefined,
  port: number,
): EffectivePolicy {
  const base = atPort(host, port).policy;
  if (subset === undefined) {
    return base;
  }
  const { policy, ofPort } = atPort(subset, port);
  return ofPort ? { ...wholeBlocks(base), ...policy } : { ...base, ...policy };
}

function atPort(
  policy: TrafficPolicy | undefined,
  port: number,
): { policy: EffectivePolicy; ofPort: boolean } {
  const ofPort = policy?.portLevelSettings?.find((settings) => settings.port?.number === port);
  return ofPort === undefined
    ? { policy: { ...portBlocks(policy ?? {}), ...wholeBlocks(policy ?? {}) }, ofPort: false }
    : { policy: portBlocks(ofPort), ofPort: true };
}

/** Only the blocks that are there, so that spreading one policy over another replaces nothing by nothing. */
function portBlocks({ loadBalancer, connectionPool, outlierDetection, tls }: PortPolicy): PortPolicy {
  return {
    ...(loadBalancer && { loadBalancer }),
    ...(connectionPool && { connectionPool }),
    ...(outlierDetection && { outlierDetection }),
    ...(tls && { tls }),
  };
}

function wholeBlocks({ proxyProtocol, retryBudget }: WholePolicy): WholePolicy {
  return { ...(proxyProtocol && { proxyProtocol }), ...(retryBudget && { retryBudget }) };
}
