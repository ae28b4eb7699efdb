/** What these tests share: rules of one service with several endpoints, and what a client sees of them. */

import { clusterStatPrefix } from "../../../compiler/back/stat-names.ts";
import type { ProxyOptions } from "../../../compiler/options.ts";
import { ask, type ClientRequest, type ClientResponse } from "../../harness/client.ts";
import type { Mesh } from "../../harness/mesh.ts";

/** The service that is asked; its endpoints are `127.20.0.N`, told apart by their last part. */
export const HOST = "shop.example.com";
export const CLUSTER = `outbound|80||${HOST}`;
const PORT = 18080;

export interface Endpoint {
  /** Of its address: `127.20.0.<last>`. */
  readonly last: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly locality?: string;
  readonly weight?: number;
}

/** One ServiceEntry; JSON is YAML. */
export function service(
  endpoints: readonly (number | Endpoint)[],
  port = { name: "http", protocol: "HTTP" },
): string {
  return JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: "shop", namespace: "default" },
    spec: {
      hosts: [HOST],
      resolution: "STATIC",
      ports: [{ number: 80, targetPort: PORT, ...port }],
      endpoints: endpoints.map((endpoint) => {
        const { last, ...rest } = typeof endpoint === "number" ? { last: endpoint } : endpoint;
        return { address: `127.20.0.${last}`, ...rest };
      }),
    },
  });
}

export function destinationRule(spec: object, metadata: object = {}): string {
  return JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "shop", namespace: "default", ...metadata },
    spec: { host: HOST, ...spec },
  });
}

/** A VirtualService for the host; `http` is its rules. */
export function virtualService(http: readonly object[]): string {
  return JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "shop", namespace: "default" },
    spec: { hosts: [HOST], http },
  });
}

/** Applies the documents, which must be without errors, and gives the port of the mesh listener. */
export async function apply(
  mesh: Mesh,
  documents: readonly string[],
  proxy: Partial<Omit<ProxyOptions, "portMap">> = {},
): Promise<number> {
  const { ports, diagnostics } = await mesh.apply(documents, { proxy });
  const port = ports.get("mesh");
  if (port === undefined) {
    throw new Error(diagnostics.map(({ code, message }) => `${code}: ${message}`).join("\n"));
  }
  return port;
}

export function get(port: number, request: Partial<ClientRequest> = {}): Promise<ClientResponse> {
  return ask(port, { path: "/", host: HOST, ...request });
}

/** The last part of the address of the endpoint that answered; a request that none answered is an error. */
export function answeredBy(response: ClientResponse): number {
  if (response.headers["x-backend"] === undefined) {
    throw new Error(`answered by Envoy itself: ${response.status} ${response.body}`);
  }
  const { endpoint } = JSON.parse(response.body) as { endpoint: string };
  return Number(/\.(\d+):\d+$/.exec(endpoint)![1]);
}

/** How often each endpoint answered one of so many requests, one after another. */
export async function share(
  port: number,
  count: number,
  request: Partial<ClientRequest> = {},
): Promise<ReadonlyMap<number, number>> {
  const shares = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const last = answeredBy(await get(port, request));
    shares.set(last, (shares.get(last) ?? 0) + 1);
  }
  return shares;
}

/** A counter or gauge of a cluster of the service; 0 when Envoy has none of that name. */
export async function stat(mesh: Mesh, name: string, cluster = CLUSTER): Promise<number> {
  const stats = await mesh.envoy.admin.stats(
    `^${escapeRegex(clusterStatPrefix(cluster))}${escapeRegex(name)}$`,
  );
  return [...stats.values()][0] ?? 0;
}

function escapeRegex(text: string): string {
  return text.replaceAll(/[.|*]/g, "\\$&");
}
