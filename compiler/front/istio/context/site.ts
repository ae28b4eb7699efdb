/** Where rules are applied: one Gateway's port, or one of the mesh. The same rule can lead to other routes at each. */

export interface Site {
  /** `mesh`, or `namespace/name` of a Gateway. */
  readonly gateway: string;
  /** The port as the rules know it: a service's in the mesh, the server's at a gateway. Never the port bound. */
  readonly port: number;
  /**
   * In the mesh, rules for hosts that are not services are applied to port 80, whatever ports they mean: nothing is
   * wrong then with a destination that does not have it.
   */
  readonly speculative?: boolean;
  /** The server has `tls`: a redirect that names no scheme is to https there, for istiod and so for its port. */
  readonly tls?: boolean;
  /** The proxy keeps hosts that rules rewrite (`proxyHeaders.xForwardedHost`). */
  readonly appendsForwardedHost?: true;
}

export function isSameSite(one: Site, other: Site): boolean {
  return (
    one.port === other.port &&
    one.gateway === other.gateway &&
    one.speculative === other.speculative &&
    one.tls === other.tls &&
    one.appendsForwardedHost === other.appendsForwardedHost
  );
}
