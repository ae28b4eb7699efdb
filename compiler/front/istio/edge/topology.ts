/** `gatewayTopology` of a proxy: what stands in front of its gateways. Its mesh listeners do not look at it, as istiod's do not. */

import type { Listener } from "../../../ir/ir.ts";
import { DIRECT, type Topology } from "../../../ir/topology.ts";
import type { ProxyConfigSpec } from "../../resources/model.ts";

/** Of connections, whether HTTP is read in them or not. That the message is there says it all. */
export function lowerProxyProtocol({ gatewayTopology }: ProxyConfigSpec): Pick<Listener, "proxyProtocol"> {
  return gatewayTopology?.proxyProtocol === undefined ? {} : { proxyProtocol: true };
}

/** Nothing where nothing is said, or what holds anyway. */
export function lowerTopology({ gatewayTopology }: ProxyConfigSpec): Pick<Listener, "topology"> {
  const { numTrustedProxies, forwardClientCertDetails = "UNDEFINED" } = gatewayTopology ?? {};
  const topology: Topology = {
    trustedProxies: numTrustedProxies ?? DIRECT.trustedProxies,
    clientCertificateHeader:
      forwardClientCertDetails === "UNDEFINED" ? DIRECT.clientCertificateHeader : forwardClientCertDetails,
  };
  const isDirect =
    topology.trustedProxies === DIRECT.trustedProxies &&
    topology.clientCertificateHeader === DIRECT.clientCertificateHeader;
  return isDirect ? {} : { topology };
}
