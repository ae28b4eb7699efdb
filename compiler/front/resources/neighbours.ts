/**
 * Kinds of others that steer nothing here and are looked at all the same: what they say changes what has to be said of the
 * rules beside them. No schema is theirs: whoever reads a field of one takes what it finds.
 */

/** `group/Kind`; of any version. */
const NEIGHBOURS = new Set([
  // Routes and gateways of other interfaces.
  "gateway.networking.k8s.io/Gateway",
  "gateway.networking.k8s.io/HTTPRoute",
  "gateway.networking.k8s.io/GRPCRoute",
  "gateway.networking.k8s.io/TCPRoute",
  "gateway.networking.k8s.io/TLSRoute",
  "gateway.networking.k8s.io/BackendTLSPolicy",
  "networking.k8s.io/Ingress",
  "extensions/Ingress",
  // What else Istio's proxies obey.
  "security.istio.io/AuthorizationPolicy",
  "security.istio.io/PeerAuthentication",
  "networking.istio.io/EnvoyFilter",
  "extensions.istio.io/WasmPlugin",
  // What Secrets are made of.
  "cert-manager.io/Certificate",
  "external-secrets.io/ExternalSecret",
  "bitnami.com/SealedSecret",
]);

export function isNeighbour(group: string, kind: string): boolean {
  return NEIGHBOURS.has(`${group}/${kind}`);
}
