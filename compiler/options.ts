/**
 * What describes the proxy that the rules are compiled for: the options shared by `build`, `run` and `serve`.
 */

export type Target = "wasm" | "native";

export type PathNormalization = "NONE" | "BASE" | "MERGE_SLASHES" | "DECODE_AND_MERGE_SLASHES";

export type OutboundPolicy = "REGISTRY_ONLY" | "ALLOW_ANY";

export interface ProxyOptions {
  readonly target: Target;
  /** Address that listeners bind. */
  readonly listenAddress: string;
  /** Port of a Gateway server or mesh listener → port bound instead. */
  readonly portMap: ReadonlyMap<number, number>;
  /** Port of the explicit outbound listener `mesh`; 0 writes none. */
  readonly meshPort: number;
  /** Also write a sidecar's outbound listeners `mesh_<port>`, one for each port of a service. */
  readonly meshListeners: boolean;
  /** Port of Envoy's admin interface, always on 127.0.0.1. */
  readonly adminPort: number;
  /** Labels of this proxy: matched by a Gateway's `selector` and a rule's `sourceLabels`. */
  readonly proxyLabels: Readonly<Record<string, string>>;
  readonly proxyNamespace: string;
  /** `region/zone/subzone` of this proxy; empty: what its labels say, if they say it. */
  readonly proxyLocality: string;
  /** Suffix of Kubernetes service names after `svc.`. */
  readonly domainSuffix: string;
  /** Envoy worker threads; 0 leaves it to Envoy (one for each core). */
  readonly concurrency: number;
  /** Istio's `meshConfig.pathNormalization`. */
  readonly pathNormalization: PathNormalization;
  /** Istio's `meshConfig.outboundTrafficPolicy`: whether the mesh listeners pass on what asks for unknown hosts. */
  readonly outboundPolicy: OutboundPolicy;
  /** Folder with a folder of files for each `credentialName`, as Kubernetes mounts a Secret; empty: none. */
  readonly secretsDirectory: string;
}

export const DEFAULT_PROXY_OPTIONS: ProxyOptions = {
  target: "wasm",
  listenAddress: "0.0.0.0",
  portMap: new Map(),
  meshPort: 15001,
  meshListeners: false,
  adminPort: 9901,
  // The labels of Istio's own ingress gateway, so that its samples select this proxy as they are.
  proxyLabels: { app: "istio-ingressgateway", istio: "ingressgateway" },
  proxyNamespace: "default",
  proxyLocality: "",
  domainSuffix: "cluster.local",
  concurrency: 0,
  pathNormalization: "BASE",
  outboundPolicy: "ALLOW_ANY",
  secretsDirectory: "",
};
