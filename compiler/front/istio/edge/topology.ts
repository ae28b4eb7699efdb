/** `gatewayTopology` of a proxy: what stands in front of its gateways. Its mesh listeners do not look at it, as istiod's do not. */

import { DIRECT, type Topology } from "../../../ir/topology.ts";
import type { ProxyConfigSpec } from "../../resources/model.ts";

/** `undefined`: nothing is said, or what holds anyway. */
export function lowerTopology({ gatewayTopology }: ProxyConfigSpec): Topology | undefined {
  const { numTrustedProxies, proxyProtocol, forwardClientCertDetails = "UNDEFINED" } = gatewayTopology ?? {};
  const topology: Topology = {
    trustedProxies: numTrustedProxies ?? DIRECT.trustedProxies,
    // An empty message says it all.
    proxyProtocol: proxyProtocol !== undefined,
    clientCertificateHeader:
      forwardClientCertDetails === "UNDEFINED" ? DIRECT.clientCertificateHeader : forwardClientCertDetails,
  };
  const isDirect =
    topology.trustedProxies === DIRECT.trustedProxies &&
    topology.proxyProtocol === DIRECT.proxyProtocol &&
    topology.clientCertificateHeader === DIRECT.clientCertificateHeader;
  return isDirect ? undefined : topology;
}
