/**
 * `proxyHeaders` of a proxy, as istiod obeys them for gateways and outbound listeners (`pilot/pkg/networking/util/proxy_headers.go`).
 * `forwardedClientCert` and `setCurrentClientCertDetails` are for connections that come in to a sidecar, of which we have none;
 * `metadataExchangeHeaders` is for headers that only Istio's own Envoy writes.
 */

import type { Listener, RouteTable } from "../../../ir/ir.ts";
import type { ProxyHeaders } from "../../../ir/proxy-headers.ts";
import type { ProxyConfigSpec } from "../../resources/model.ts";
import type { Site } from "./site.ts";

/** What of it is not as Envoy has it anyway. */
export function lowerProxyHeaders({ proxyHeaders }: ProxyConfigSpec): Pick<Listener, "proxyHeaders"> {
  const { server, requestId, attemptCount, preserveHttp1HeaderCase, xForwardedPort } = proxyHeaders ?? {};
  const headers: ProxyHeaders = {
    ...(server?.disabled
      ? { server: { kind: "passThrough" } }
      : server?.value && { server: { kind: "named", name: server.value } }),
    ...(requestId?.disabled && { withoutRequestId: true }),
    ...(attemptCount?.disabled && { withoutAttemptCount: true }),
    ...(xForwardedPort?.enabled && { forwardedPort: true }),
    ...(preserveHttp1HeaderCase && { keepsCase: true }),
  };
  return Object.keys(headers).length === 0 ? {} : { proxyHeaders: headers };
}

/** Of a listener's routes. */
export function lowerEnvoyHeaders({
  proxyHeaders,
}: ProxyConfigSpec): Pick<RouteTable, "suppressesEnvoyHeaders"> {
  return proxyHeaders?.envoyDebugHeaders?.disabled ? { suppressesEnvoyHeaders: true } : {};
}

/** Where rules are applied. */
export function keepsForwardedHost({ proxyHeaders }: ProxyConfigSpec): Pick<Site, "appendsForwardedHost"> {
  return proxyHeaders?.xForwardedHost?.enabled ? { appendsForwardedHost: true } : {};
}
