/** What is spoken on a port, from what its service says about it. */

import type { PortProtocol } from "./service.ts";

const PROTOCOLS: Readonly<Record<string, PortProtocol>> = {
  http: "http",
  http_proxy: "http",
  http2: "http2",
  grpc: "http2",
  // As Istio counts it; an upstream that speaks it is one of gRPC, too.
  "grpc-web": "http2",
  https: "tls",
  tls: "tls",
  tcp: "tcp",
  mongo: "tcp",
  redis: "tcp",
  mysql: "tcp",
  udp: "udp",
};

/** Kubernetes' own names of application protocols. */
const APP_PROTOCOLS: Readonly<Record<string, PortProtocol>> = {
  "kubernetes.io/h2c": "http2",
  "kubernetes.io/ws": "http",
  "kubernetes.io/wss": "tls",
};

/** SMTP, DNS, MySQL and MongoDB: there the server speaks first, so that nothing can be told by listening. */
const SERVER_FIRST_PORTS = new Set([25, 53, 3306, 27017]);

/** A protocol as Istio's resources name it. Unknown and empty mean that it is not declared. */
export function parseProtocol(name: string | undefined): PortProtocol {
  const lower = (name ?? "").toLowerCase();
  return Object.hasOwn(PROTOCOLS, lower) ? PROTOCOLS[lower]! : "auto";
}

export interface KubernetesPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: string;
  readonly appProtocol?: string;
}

/** `appProtocol`, else the port's name up to its first dash: `http`, `http-web`, `grpc-web-api`. */
export function kubernetesProtocol({ name, port, protocol, appProtocol }: KubernetesPort): PortProtocol {
  if (protocol === "UDP") {
    return "udp";
  }
  if (appProtocol !== undefined && Object.hasOwn(APP_PROTOCOLS, appProtocol)) {
    return APP_PROTOCOLS[appProtocol]!;
  }
  const declared = (appProtocol ?? name ?? "").toLowerCase();
  const parsed = parseProtocol(declared.startsWith("grpc-web") ? "grpc-web" : declared.split("-", 1)[0]);
  return parsed === "auto" && SERVER_FIRST_PORTS.has(port) ? "tcp" : parsed;
}
