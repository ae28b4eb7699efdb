/**
 * What stands between clients and an edge, and what of it is believed: who a request's client is, and what it may say of
 * its certificate. Istio's `gatewayTopology`.
 */

export interface Topology {
  /**
   * So many proxies stand in front, and each has appended to `x-forwarded-for` whom it was asked by: that many addresses from its
   * end stands the client. Where there are fewer, or no address, it is whoever connects. Above 0, they are believed
   * what they say of the client's scheme (`x-forwarded-proto`), too.
   */
  readonly trustedProxies: number;
  readonly clientCertificateHeader: ClientCertificateHeader;
}

/** What becomes of `x-forwarded-client-cert`: Envoy's `ForwardClientCertDetails`. */
export type ClientCertificateHeader =
  | "SANITIZE"
  | "FORWARD_ONLY"
  | "APPEND_FORWARD"
  | "SANITIZE_SET"
  | "ALWAYS_FORWARD_ONLY";

/** Of an edge that clients connect to themselves: istiod's defaults. */
export const DIRECT: Topology = {
  trustedProxies: 0,
  clientCertificateHeader: "SANITIZE_SET",
};
