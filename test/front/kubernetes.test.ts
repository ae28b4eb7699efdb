/** Kubernetes Services as clients see them: their names, who answers, and what is spoken to them. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, askHttp2 } from "../harness/client.ts";
import { Mesh } from "../harness/mesh.ts";
import { TARGETS } from "../harness/targets.ts";

interface Port {
  readonly name?: string;
  readonly port: number;
  readonly appProtocol?: string;
}

/** So many miss one of three endpoints once in ten billion times. */
const REQUESTS = 60;
const HTTP: Port = { name: "http", port: 80 };

const resource = (apiVersion: string, kind: string, name: string, rest: object, labels: object = {}) =>
  JSON.stringify({ apiVersion, kind, metadata: { name, namespace: "shop", labels }, ...rest });

const service = (spec: object, ports: readonly Port[] = [HTTP]) =>
  resource("v1", "Service", "web", { spec: { ports, ...spec } });

interface SliceEndpoint {
  readonly last: number;
  readonly conditions?: object;
}

const slice = (name: string, endpoints: readonly SliceEndpoint[], ports: readonly Port[] = [HTTP]) =>
  resource(
    "discovery.k8s.io/v1",
    "EndpointSlice",
    name,
    {
      addressType: "IPv4",
      ports: ports.map(({ name: portName = "" }) => ({ name: portName, port: 18080 })),
      endpoints: endpoints.map(({ last, conditions }) => ({ addresses: [`127.20.0.${last}`], conditions })),
    },
    { "kubernetes.io/service-name": "web" },
  );

const READY = { ready: true, serving: true, terminating: false };
const UNREADY = { ready: false, serving: false, terminating: false };
const LEAVING = { ready: false, serving: true, terminating: true };

describe.each(TARGETS)("target %s", (target) => {
  let mesh: Mesh;

  beforeAll(async () => {
    mesh = await Mesh.create({ target });
  });

  afterAll(async () => {
    await mesh?.close();
  });

  async function apply(...documents: readonly string[]): Promise<number> {
    const { ports, diagnostics } = await mesh.apply(documents, {
      proxy: { proxyNamespace: "shop", outboundPolicy: "REGISTRY_ONLY" },
    });
    expect(diagnostics.filter(({ level }) => level === "error")).toEqual([]);
    return ports.get("mesh")!;
  }

  /** The last part of the address of each endpoint that answers. */
  async function answering(port: number, host = "web"): Promise<number[]> {
    mesh.upstream.reset();
    for (let i = 0; i < REQUESTS; i++) {
      expect((await ask(port, { path: "/", host })).status).toBe(200);
    }
    const found = mesh.upstream.requests.map(({ endpoint }) => Number(/\.(\d+):/.exec(endpoint)![1]));
    return [...new Set(found)].sort();
  }

  const status = async (port: number, host: string) => (await ask(port, { path: "/", host })).status;

  const NAMES = [
    "web",
    "web.shop",
    "web.shop.svc",
    "web.shop.svc.cluster.local",
    "web.shop.svc.cluster.local.",
  ];

  test("a ClusterIP service, by all of its names and its addresses, with the endpoints of all its slices", async () => {
    const port = await apply(
      service({ clusterIP: "10.96.1.1", clusterIPs: ["10.96.1.1", "fd00::1"] }),
      slice("web-a", [{ last: 61 }, { last: 62, conditions: READY }]),
      slice("web-b", [{ last: 63 }]),
    );
    expect(await answering(port)).toEqual([61, 62, 63]);
    for (const host of [...NAMES, "10.96.1.1", "[fd00::1]", "web:80"]) {
      expect([host, await status(port, host)]).toEqual([host, 200]);
    }
    expect(await status(port, "web-0.web.shop.svc.cluster.local")).toBe(502);
  });

  test("a headless service, and the names of its pods", async () => {
    const port = await apply(service({ clusterIP: "None" }), slice("web-a", [{ last: 61 }, { last: 62 }]));
    expect(await answering(port)).toEqual([61, 62]);
    for (const host of [...NAMES, "web-0.web.shop.svc.cluster.local", "web-0.web.shop"]) {
      expect([host, await status(port, host)]).toEqual([host, 200]);
    }
  });

  test("an ExternalName is another name of a service that is known", async () => {
    const port = await apply(
      service({ clusterIP: "10.96.1.1" }),
      slice("web-a", [{ last: 61 }]),
      resource("v1", "Service", "shopfront", {
        spec: { type: "ExternalName", externalName: "web.shop.svc.cluster.local" },
      }),
    );
    expect(await answering(port, "shopfront")).toEqual([61]);
    expect(await answering(port, "shopfront.shop.svc.cluster.local")).toEqual([61]);
  });

  test("an ExternalName is a name for DNS where nobody knows it", async () => {
    const free = Number(mesh.own("$FREE_PORT"));
    const port = await apply(
      resource("v1", "Service", "outside", {
        spec: { type: "ExternalName", externalName: "localhost", ports: [{ name: "http", port: free }] },
      }),
    );
    const { status, body } = await ask(port, { path: "/", host: `outside:${free}` });
    expect([status, JSON.parse(body).endpoint]).toEqual([200, `127.0.0.1:${free}`]);
  });

  test("a rule that sends to an ExternalName of nobody's gets a 503, as with istiod", async () => {
    const free = Number(mesh.own("$FREE_PORT"));
    const port = await apply(
      resource("v1", "Service", "outside", { spec: { type: "ExternalName", externalName: "localhost" } }),
      resource("networking.istio.io/v1", "ServiceEntry", "a", {
        spec: {
          hosts: ["a.example"],
          ports: [{ number: free, name: "http", protocol: "HTTP" }],
          resolution: "STATIC",
        },
      }),
      resource("networking.istio.io/v1", "VirtualService", "a", {
        spec: {
          hosts: ["a.example"],
          http: [{ route: [{ destination: { host: "outside", port: { number: free } } }] }],
        },
      }),
    );
    expect((await ask(port, { path: "/", host: `a.example:${free}` })).status).toBe(503);
  });

  test("Endpoints, where there is no slice", async () => {
    const endpoints = (ready: number, unready: number) =>
      resource("v1", "Endpoints", "web", {
        subsets: [
          {
            addresses: [{ ip: `127.20.0.${ready}` }],
            notReadyAddresses: [{ ip: `127.20.0.${unready}` }],
            ports: [{ name: "http", port: 18080 }],
          },
        ],
      });
    const web = service({ clusterIP: "10.96.1.1" });
    expect(await answering(await apply(web, endpoints(61, 62)))).toEqual([61]);
    expect(await answering(await apply(web, endpoints(61, 62), slice("web-a", [{ last: 63 }])))).toEqual([
      63,
    ]);
  });

  test("who is not ready is not asked, and is again when it is", async () => {
    const web = service({ clusterIP: "10.96.1.1" });
    const with62 = (conditions: object) => slice("web-a", [{ last: 61 }, { last: 62, conditions }]);
    // Envoy tells its workers of a change of health within a second.
    const until = (port: number, expected: readonly number[]) =>
      expect.poll(() => answering(port)).toEqual(expected);
    await until(await apply(web, with62(READY)), [61, 62]);
    await until(await apply(web, with62(UNREADY)), [61]);
    await until(await apply(web, with62(LEAVING)), [61]);
    await until(await apply(web, with62({ ready: true })), [61, 62]);
  });

  test("nobody ready: 503, also where too few endpoints are asked in spite of errors", async () => {
    const web = service({ clusterIP: "10.96.1.1" });
    const unready = slice("web-a", [{ last: 61, conditions: UNREADY }]);
    expect(await status(await apply(web, unready), "web")).toBe(503);
    const rule = resource("networking.istio.io/v1", "DestinationRule", "web", {
      spec: { host: "web", trafficPolicy: { outlierDetection: { minHealthPercent: 50 } } },
    });
    expect(await status(await apply(web, unready, rule), "web")).toBe(503);
  });

  test.each<[string, Port, readonly string[] | "none"]>([
    ["http", { name: "http", port: 80 }, ["1.1", "1.1"]],
    ["http-and more", { name: "http-web", port: 80 }, ["1.1", "1.1"]],
    ["grpc-web", { name: "grpc-web-x", port: 80 }, ["2", "2"]],
    ["grpc-web by appProtocol", { name: "x", port: 80, appProtocol: "GRPC-WEB" }, ["2", "2"]],
    ["http2", { name: "http2", port: 80 }, ["2", "2"]],
    ["grpc", { name: "grpc-api", port: 80 }, ["2", "2"]],
    ["appProtocol before the name", { name: "http", port: 80, appProtocol: "grpc" }, ["2", "2"]],
    ["Kubernetes' own appProtocol", { name: "x", port: 80, appProtocol: "kubernetes.io/h2c" }, ["2", "2"]],
    ["WebSockets' appProtocol", { name: "grpc", port: 80, appProtocol: "kubernetes.io/ws" }, ["1.1", "1.1"]],
    ["undeclared: what the client speaks", { name: "web", port: 80 }, ["1.1", "2"]],
    [
      "an unknown appProtocol: what the client speaks",
      { name: "http", port: 80, appProtocol: "x" },
      ["1.1", "2"],
    ],
    ["no name at all", { port: 80 }, ["1.1", "2"]],
    ["tcp is no HTTP", { name: "tcp", port: 80 }, "none"],
    ["redis is no HTTP", { name: "web", port: 80, appProtocol: "redis" }, "none"],
  ])("port of protocol %s", async (_name, declared, versions) => {
    const port = await apply(
      service({ clusterIP: "10.96.1.1" }, [declared]),
      slice("web-a", [{ last: 61 }], [declared]),
    );
    if (versions === "none") {
      expect(await status(port, "web")).toBe(502);
      return;
    }
    const request = { path: "/", host: "web" };
    const answers = [await ask(port, request), await askHttp2(port, request)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers.map(({ body }) => JSON.parse(body).httpVersion)).toEqual(versions);
  });

  test.each<[string, Port, object, readonly string[]]>([
    ["undeclared: HTTP/1.1, whatever the client speaks", { port: 80 }, {}, ["1.1", "1.1"]],
    [
      "undeclared, and a policy of what the client speaks",
      { port: 80 },
      { useClientProtocol: true },
      ["1.1", "2"],
    ],
    ["grpc", { name: "grpc", port: 80 }, {}, ["2", "2"]],
  ])("port that a Gateway leads to, %s", async (_name, declared, http, versions) => {
    const documents = [
      service({ clusterIP: "10.96.1.1" }, [declared]),
      slice("web-a", [{ last: 61 }], [declared]),
      resource("networking.istio.io/v1", "Gateway", "edge", {
        spec: { servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }] },
      }),
      resource("networking.istio.io/v1", "VirtualService", "edge", {
        spec: { hosts: ["*"], gateways: ["edge"], http: [{ route: [{ destination: { host: "web" } }] }] },
      }),
      resource("networking.istio.io/v1", "DestinationRule", "web", {
        spec: { host: "web", trafficPolicy: { connectionPool: { http } } },
      }),
    ];
    const { ports } = await mesh.apply(documents, { proxy: { proxyNamespace: "shop" } });
    const request = { path: "/", host: "shop.example" };
    const port = ports.get("gateway_80")!;
    const answers = [await ask(port, request), await askHttp2(port, request)];
    expect(answers.map(({ body }) => JSON.parse(body).httpVersion)).toEqual(versions);
  });
});
