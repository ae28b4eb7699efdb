/** Which settings of a `trafficPolicy` hold for one port of a service, or of a subset of it. */

import type { PortTrafficPolicy, TrafficPolicy } from "../model.ts";

export type EffectivePolicy = Pick<PortTrafficPolicy, "loadBalancer" | "connectionPool" | "outlierDetection">;

/**
 * Settings of a port replace those of the host as a whole: what they leave out goes back to its default. A subset
 * replaces block by block, unless it has settings of the port.
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
  return ofPort ? policy : { ...base, ...policy };
}

function atPort(
  policy: TrafficPolicy | undefined,
  port: number,
): { policy: EffectivePolicy; ofPort: boolean } {
  const ofPort = policy?.portLevelSettings?.find((settings) => settings.port?.number === port);
  return { policy: blocks(ofPort ?? policy ?? {}), ofPort: ofPort !== undefined };
}

/** Only the blocks that are there, so that spreading one policy over another replaces nothing by nothing. */
function blocks({ loadBalancer, connectionPool, outlierDetection }: PortTrafficPolicy): EffectivePolicy {
  return {
    ...(loadBalancer && { loadBalancer }),
    ...(connectionPool && { connectionPool }),
    ...(outlierDetection && { outlierDetection }),
  };
}
