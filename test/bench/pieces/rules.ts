/** Rules of the edges that are measured, as objects: what they have in common, so that each piece says only what it is about. */

import { ISSUER, JWKS } from "../../harness/tokens.ts";
import type { BenchRequest } from "../shapes.ts";

/** Whom requests are for, and a host beside it which nobody asks while it is measured. */
export const HOST = "bench.example";
export const ELSEWHERE = "elsewhere.example";

/** Services: without endpoints, so that Envoy answers itself; and one that answers, when a response is what matters. */
export const NOBODY = "nobody.example";
export const UPSTREAM = "upstream.example";

const NETWORKING = "networking.istio.io/v1";
const ROOT = "istio-system";
const EDGE = { istio: "ingressgateway" };

export function gateway(port: number, annotations: Readonly<Record<string, string>>): object {
  return {
    apiVersion: NETWORKING,
    kind: "Gateway",
    metadata: { name: "edge", annotations },
    spec: {
      selector: EDGE,
      servers: [{ port: { number: port, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
    },
  };
}

export function services(upstreamPort: number): object[] {
  const service = (host: string, endpoints: readonly object[]) => ({
    apiVersion: NETWORKING,
    kind: "ServiceEntry",
    metadata: { name: host.replace(".", "-") },
    spec: {
      hosts: [host],
      resolution: "STATIC",
      location: "MESH_INTERNAL",
      ports: [{ number: 80, name: "http", protocol: "HTTP" }],
      endpoints,
    },
  });
  return [service(NOBODY, []), service(UPSTREAM, [{ address: "127.0.0.1", ports: { http: upstreamPort } }])];
}

export function virtualService(
  host: string,
  http: readonly object[],
  annotations: Readonly<Record<string, string>> = {},
): object {
  return {
    apiVersion: NETWORKING,
    kind: "VirtualService",
    metadata: { name: host.replace(".", "-"), annotations },
    spec: { hosts: [host], gateways: ["edge"], http },
  };
}

export const to = (host: string) => ({ route: [{ destination: { host } }] });

/** Tokens are verified; none has to be there. */
export const AUTHENTICATION = {
  apiVersion: "security.istio.io/v1",
  kind: "RequestAuthentication",
  metadata: { name: "tokens", namespace: ROOT },
  spec: { selector: { matchLabels: EDGE }, jwtRules: [{ issuer: ISSUER, jwks: JWKS }] },
};

export function topology(gatewayTopology: object): object {
  return {
    apiVersion: "install.istio.io/v1alpha1",
    kind: "IstioOperator",
    metadata: { name: "mesh", namespace: ROOT },
    spec: { meshConfig: { defaultConfig: { gatewayTopology } } },
  };
}

export function get(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  host: string = HOST,
): BenchRequest {
  return { method: "GET", host, path, headers };
}
