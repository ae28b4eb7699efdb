/** Headers that a proxy itself writes, beside those of its rules: Istio's `proxyHeaders`. What is absent is as Envoy has it. */

export interface ProxyHeaders {
  /** In every answer, as its `server`; `passThrough`: what the upstream says, and nothing where the proxy answers itself. */
  readonly server?: { readonly kind: "named"; readonly name: string } | { readonly kind: "passThrough" };
  /** A request without `x-request-id` gets none, and one that has it keeps it, also at an edge. */
  readonly withoutRequestId?: true;
  /** Upstreams are not told in `x-envoy-attempt-count` which try it is. */
  readonly withoutAttemptCount?: true;
  /** Upstreams are told in `x-forwarded-port` which port the client has connected to. */
  readonly forwardedPort?: true;
  /** Names of headers reach the other side of HTTP/1.1 in the case that they were sent in. */
  readonly keepsCase?: true;
}
