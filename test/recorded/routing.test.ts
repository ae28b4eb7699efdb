/** End-to-end cases in the manner of Istio's own integration suite. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { Authority, tlsSecret } from "../harness/authority.ts";
import {
  ask,
  askHttp2,
  type ClientRequest,
  type ClientResponse,
  Connection,
  formatRequest,
} from "../harness/client.ts";
import { answerOf, differences } from "../harness/expect.ts";
import { Mesh } from "../harness/mesh.ts";
import { PROXIES, withRecordedCases } from "../harness/recorded.ts";
import { Tally } from "../harness/tally.ts";
import { TARGETS } from "../harness/targets.ts";

interface RoutingCase {
  readonly id: string;
  readonly group: string;
  readonly name: string;
  readonly sub?: string;
  readonly resources: readonly {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace: string };
  }[];
  /** Absent where it was not replayed, as far as it was not; then what Istio's suite expects counts. */
  readonly verified_istiod_on_stock_envoy?: boolean;
  /** Why Istio's suite does not run it. */
  readonly skip_upstream?: string;
  readonly request: {
    readonly from: "mesh" | "gateway";
    readonly source_workload: string;
    readonly port: number;
    readonly port_name?: string;
    readonly protocol?: string;
    readonly host: string;
    readonly method: string;
    readonly path: string;
    readonly headers?: Record<string, string>;
    readonly count?: number;
    readonly http2?: boolean;
    readonly follow_redirects?: boolean;
  };
  readonly expect: {
    readonly status?: number;
    readonly upstream_request_headers?: Record<string, string>;
    readonly upstream_protocol?: string;
    readonly upstream_host?: string;
    readonly upstream_path?: string;
    readonly location?: string;
    readonly response_headers?: Record<string, string>;
    /** Whether all of `request.count` requests went to one endpoint. */
    readonly single_backend?: boolean;
  };
}

/** Why a case is not asked. */
const LEFT: ReadonlyMap<string, string> = new Map<string, string>([
  ["upstreamproxy-001", "over a port of protocol TCP"],
  ["gateway-003", "it trusts what a proxy before says, by an EnvoyFilter"],
  ["gateway-022", "to a service that would have to speak TLS; test/front/tls/upstream asks one that does"],
]);

function whyLeft({ id, request, resources, skip_upstream, ...one }: RoutingCase): string | undefined {
  const { verified_istiod_on_stock_envoy: verified } = one;
  if (verified === false) {
    return "of which what Istio's suite expects was not seen when it was replayed";
  }
  if (verified === undefined && skip_upstream !== undefined) {
    return "that Istio's own suite skips, since it does not work there either";
  }
  if (
    resources.some(
      ({ apiVersion }) => !/^(v1|discovery\.k8s\.io\/v1|networking\.istio\.io\/.*)$/.test(apiVersion),
    )
  ) {
    return "about kinds that are left alone";
  }
  if (request.protocol === "TCP") {
    return "over TCP, where only the address that a connection was redirected from tells which service is meant";
  }
  if (request.protocol === "HTTPS" && request.from === "mesh") {
    return "to a service that would have to speak TLS with Istio's identities; test/front/tls/mesh-tcp asks with others";
  }
  return LEFT.get(id);
}

/** Over TLS, whoever answers. */
async function askTls(port: number, request: ClientRequest): Promise<ClientResponse> {
  const connection = await Connection.openTls(port, request.host ?? "");
  try {
    return await connection.send(formatRequest(request));
  } finally {
    connection.close();
  }
}

let secret: (name: string, namespace: string) => string;

beforeAll(async () => {
  const authority = await Authority.create("authority");
  const pair = await authority.issue({ names: ["b.echo.svc.cluster.local"] });
  secret = (name, namespace) => tlsSecret(name, pair, authority.certificate, namespace);
});

/** Secrets were recorded without what is in them. */
function documentsOf({ resources }: RoutingCase): string {
  return resources
    .map((one) =>
      one.kind === "Secret" ? secret(one.metadata.name, one.metadata.namespace) : stringify(one),
    )
    .join("\n---\n");
}

/** The service of these cases selects every pod of Istio's suite; the recorded pods lack the label that it asks for. */
const HASHED_PODS = stringify({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  addressType: "IPv4",
  metadata: {
    name: "consistent-hash",
    namespace: "echo",
    labels: { "kubernetes.io/service-name": "consistent-hash" },
  },
  ports: [{ name: "http", port: 18080 }],
  endpoints: [10, 11, 12, 13].map((last) => ({ addresses: [`127.20.0.${last}`] })),
});

/** How many endpoints answer so many requests of a client that keeps its cookies. */
async function endpointsAsked(
  first: ClientResponse,
  count: number,
  send: (headers: Record<string, string>) => Promise<ClientResponse>,
): Promise<number> {
  const cookie = first.headers["set-cookie"]?.[0]?.split(";", 1)[0];
  const endpoints = new Set<string>();
  for (let i = 0; i < count; i++) {
    const response = await send(cookie === undefined ? {} : { cookie });
    endpoints.add(answerOf(response, () => []).upstream?.endpoint ?? "none");
  }
  return endpoints.size;
}

/** The ports of the headless service are those of its pods; a case names them by what they are for. */
function portOf({ group, request }: RoutingCase, base: string): number {
  if (group !== "host") {
    return request.port;
  }
  const services = parseAllDocuments(base).map((document) => document.toJS());
  const headless = services.find(({ kind, metadata }) => kind === "Service" && metadata.name === "headless");
  const ports: readonly { name: string; port: number }[] = headless.spec.ports;
  return ports.find(({ name }) => name === request.port_name)!.port;
}

withRecordedCases<RoutingCase>("routing.yaml", (all, base) => {
  const cases = all.filter((one) => whyLeft(one) === undefined);
  describe.each(TARGETS)("target %s", (target) => {
    let mesh: Mesh;
    const tally = new Tally(`routing.yaml (${target})`);

    beforeAll(async () => {
      mesh = await Mesh.create({ target });
    });

    afterAll(async () => {
      await mesh?.close();
      for (const one of all) {
        const why = whyLeft(one);
        if (why !== undefined) {
          tally.left(one.id, why);
        }
      }
      tally.print();
    });

    test.each(cases.map((one) => [one.id, `${one.name} ${one.sub ?? ""}`, one] as const))(
      "%s %s",
      async (id, _name, one) => {
        const rules = documentsOf(one);
        const { from, source_workload: app } = one.request;
        const proxy =
          from === "gateway" ? PROXIES.gateway : { ...PROXIES.sidecar, proxyLabels: { app, version: "v1" } };
        const pods = one.group === "consistent-hash" ? [HASHED_PODS] : [];
        const applied = await mesh.apply([base, rules, ...pods], { proxy, answerDnsNames: true });
        if (tally.isPending(id, applied.diagnostics)) {
          return;
        }
        const listener = `${from}_${portOf(one, base)}`;
        const port = [...applied.ports].find(
          ([name]) => name === listener || name.startsWith(`${listener}_`),
        )?.[1];
        expect(port, `no listener ${listener} among ${[...applied.ports.keys()].join(", ")}`).toBeDefined();
        const isTls = one.request.protocol === "HTTPS";
        const send = one.request.http2 === true ? askHttp2 : isTls ? askTls : ask;
        let response = await send(port!, { ...one.request, host: mesh.own(one.request.host) });
        const location = response.headers.location?.[0];
        if (one.request.follow_redirects === true && location !== undefined) {
          const { host, pathname, search } = new URL(location);
          response = await send(port!, { ...one.request, host, path: pathname + search });
        }
        const answer = answerOf(response, (endpoint) => mesh.clustersOf(endpoint));
        const wanted = one.expect;
        const lines = differences(answer, {
          ...(wanted.status !== undefined && { status: wanted.status }),
          ...(wanted.upstream_host !== undefined && { host: wanted.upstream_host }),
          ...(wanted.upstream_path !== undefined && { path: wanted.upstream_path }),
          ...(wanted.upstream_request_headers && { headers: wanted.upstream_request_headers }),
          ...((wanted.response_headers ?? wanted.location) !== undefined && {
            responseHeaders: {
              ...wanted.response_headers,
              ...(wanted.location !== undefined && {
                location: wanted.location.replace("{{.Hostname}}", one.request.host),
              }),
            },
          }),
        });
        const protocol = { "HTTP/1.1": "1.1", "HTTP/2.0": "2" }[wanted.upstream_protocol ?? ""];
        if (protocol !== undefined && answer.upstream?.httpVersion !== protocol) {
          lines.push(`protocol at the upstream: expected ${protocol}, got ${answer.upstream?.httpVersion}`);
        }
        const { count = 1 } = one.request;
        if (wanted.single_backend !== undefined) {
          const host = mesh.own(one.request.host);
          // By chance, so few go to one of four endpoints once in 300,000 times; ten times as many never do.
          const times = wanted.single_backend ? count : 10 * count;
          const asked = await endpointsAsked(response, times, (headers) =>
            send(port!, { ...one.request, host, headers: { ...one.request.headers, ...headers } }),
          );
          if ((asked === 1) !== wanted.single_backend) {
            lines.push(`${asked} endpoints answered`);
          }
        }
        expect(lines.length, lines.join("\n")).toBe(0);
        tally.held();
      },
    );
  });
});
