/**
 * Connections without HTTP: what `sluice explain tcp://…` and `tls://…` say is what a real Envoy does, for generated services, rules
 * and servers, and each connection that these tell apart. `SLUICE_SEED` asks others, `SLUICE_SETS` more of them.
 */

import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { Duplex } from "node:stream";
import tls from "node:tls";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type AskedConnection,
  type ConnectionExplanation,
  createWorkspace,
  texts,
} from "../../compiler/index.ts";
import { bySocket, hasRanges } from "../../compiler/ir/filter-chains.ts";
import { believingProxyProtocol, meantFor } from "../front/redirected.ts";
import { Mesh } from "../harness/mesh.ts";
import { TARGETS } from "../harness/targets.ts";

const SEED = Number(process.env.SLUICE_SEED ?? 1);
/** Sets of rules for each target. */
const SETS = Number(process.env.SLUICE_SETS ?? 3);
const MESH_PORT = 9000;
const EDGE_PORT = 443;
/** Neither TLS nor HTTP; enough for Envoy to tell, which otherwise waits for more. */
const BYTES = Buffer.from("\u0001\u0002 neither TLS nor HTTP\n");

const HOSTS = ["a.example", "b.a.example", "c.example", "d.test"];
const NAMES = ["a.example", "b.a.example", "x.a.example", "x.example", "d.test", "e.test", undefined];
const ADDRESSES = ["10.0.0.1", "10.0.0.2", "10.0.1.1", "10.1.0.1", "192.0.2.1"];
const RANGES = ["10.0.0.1", "10.0.0.2", "10.0.0.0/24", "10.0.0.0/16", "10.1.0.0/16"];
const SNI = ["a.example", "b.a.example", "*.a.example", "*.example", "d.test"];

interface Rules {
  readonly services: readonly (readonly [protocol: string, addresses: readonly string[]])[];
  readonly tcp: readonly { readonly subnets: readonly string[]; readonly to: readonly number[] }[];
  readonly tls: readonly Sni[];
  readonly edge: readonly Sni[];
  readonly edgeMode: "PASSTHROUGH" | "AUTO_PASSTHROUGH";
}

interface Sni {
  readonly names: readonly string[];
  readonly subnets: readonly string[];
  readonly to: readonly number[];
}

const someOf = <T>(all: readonly T[], maxLength: number, minLength = 0) =>
  fc.uniqueArray(fc.constantFrom(...all), { minLength, maxLength });
const to = fc.uniqueArray(fc.nat(HOSTS.length - 1), { minLength: 1, maxLength: 2 });
const sni = (mostSubnets: number) =>
  fc.record({ names: someOf(SNI, 2, 1), subnets: someOf(RANGES, mostSubnets), to });
const rulesOf = fc.record<Rules>({
  services: fc.array(fc.tuple(fc.constantFrom("TCP", "TLS", "TLS", "HTTP", ""), someOf(RANGES, 2)), {
    minLength: HOSTS.length,
    maxLength: HOSTS.length,
  }),
  tcp: fc.array(fc.record({ subnets: someOf(RANGES, 1), to }), { maxLength: 2 }),
  tls: fc.array(sni(1), { maxLength: 3 }),
  edge: fc.array(sni(0), { minLength: 1, maxLength: 3 }),
  edgeMode: fc.constantFrom("PASSTHROUGH", "PASSTHROUGH", "AUTO_PASSTHROUGH"),
});

/** What answers at the endpoint of each host with its own port, whatever it is sent. */
const talkers: net.Server[] = [];
const portOf = (talker: net.Server) => (talker.address() as AddressInfo).port;

beforeAll(async () => {
  for (const [i] of HOSTS.entries()) {
    const server = net.createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(String(portOf(server))));
    });
    await once(server.listen(0, `127.86.0.${i + 1}`), "listening");
    talkers.push(server);
  }
});

afterAll(() => {
  for (const talker of talkers) {
    talker.close();
  }
});

function documents({ services, tcp, tls: ofTls, edge, edgeMode }: Rules): string {
  const resource = (kind: string, name: string, spec: object) =>
    JSON.stringify({
      apiVersion: "networking.istio.io/v1",
      kind,
      metadata: { name, namespace: "shop" },
      spec,
    });
  const route = (hosts: readonly number[]) =>
    hosts.map((i) => ({
      destination: { host: HOSTS[i], port: { number: MESH_PORT } },
      weight: hosts.length === 1 ? 100 : 50,
    }));
  const sniRule = ({ names, subnets, to: hosts }: Sni) => ({
    match: [{ sniHosts: names, ...(subnets.length > 0 && { destinationSubnets: subnets }) }],
    route: route(hosts),
  });
  return [
    ...services.map(([protocol, addresses], i) =>
      resource("ServiceEntry", `host-${i}`, {
        hosts: [HOSTS[i]],
        addresses,
        location: "MESH_INTERNAL",
        ports: [{ number: MESH_PORT, name: "x", ...(protocol !== "" && { protocol }) }],
        resolution: "STATIC",
        endpoints: [{ address: `127.86.0.${i + 1}`, ports: { x: portOf(talkers[i]!) } }],
      }),
    ),
    resource("VirtualService", "mesh", {
      hosts: ["*.example", "d.test"],
      http: [{ route: [{ destination: { host: HOSTS[0] } }] }],
      tcp: tcp.map(({ subnets, to: hosts }) => ({
        ...(subnets.length > 0 && { match: [{ destinationSubnets: subnets }] }),
        route: route(hosts),
      })),
      tls: ofTls.map(sniRule),
    }),
    resource("VirtualService", "edge", {
      hosts: ["*.example", "d.test"],
      gateways: ["edge"],
      tls: edge.map(sniRule),
    }),
    resource("Gateway", "edge", {
      selector: { istio: "ingressgateway" },
      servers: [
        {
          port: { number: EDGE_PORT, name: "tls", protocol: "TLS" },
          hosts: ["*"],
          tls: { mode: edgeMode },
        },
      ],
    }),
  ].join("\n---\n");
}

/** With what a client begins that asks for a name, and proposes protocols. */
function clientHello({
  serverName,
  applicationProtocols,
}: NonNullable<AskedConnection["tls"]>): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        resolve(chunk);
        done();
      },
    });
    tls
      .connect({
        socket,
        ...(serverName !== undefined && { servername: serverName }),
        ...(applicationProtocols.length > 0 && { ALPNProtocols: [...applicationProtocols] }),
      })
      .on("error", () => {});
  });
}

/** What comes back until the connection ends. */
function exchange(port: number, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = net.connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (data) => {
      answer += data;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

/** In the same words: whom the connection reached, or that HTTP is read, or that it was closed. */
function seen(answer: string): string {
  return /^HTTP\/1.1 400/.test(answer) ? "http" : answer === "" ? "closed" : answer;
}

function said({ chain, decision }: ConnectionExplanation): readonly string[] {
  if (chain?.reads === "http") {
    return ["http"];
  }
  return decision.outcome === "forward"
    ? chain!.split!.flatMap(({ endpoints }) => endpoints.map(({ port }) => String(port)))
    : ["closed"];
}

function questions(): AskedConnection[] {
  const auto = HOSTS.map((host) => `outbound_.${MESH_PORT}_._.${host}`);
  const hello = (serverName: string | undefined, ...applicationProtocols: string[]) => ({
    tls: { ...(serverName !== undefined && { serverName }), applicationProtocols },
  });
  return [
    ...ADDRESSES.flatMap((host): AskedConnection[] => [
      { host, port: MESH_PORT },
      ...NAMES.map((name) => ({ host, port: MESH_PORT, ...hello(name) })),
      { host, port: MESH_PORT, ...hello("x.example", "h2", "http/1.1") },
    ]),
    { host: "192.0.2.1", port: EDGE_PORT },
    ...NAMES.map((name) => ({ host: "192.0.2.1", port: EDGE_PORT, ...hello(name) })),
    ...auto.flatMap((name) => [
      { host: "192.0.2.1", port: EDGE_PORT, ...hello(name, "istio") },
      { host: "192.0.2.1", port: EDGE_PORT, ...hello(name, "h2") },
    ]),
  ];
}

describe.each(TARGETS)("target %s", (target) => {
  let mesh: Mesh;

  beforeAll(async () => {
    mesh = await Mesh.create({ target, emit: believingProxyProtocol });
  });

  afterAll(async () => {
    await mesh?.close();
  });

  test(`${SETS} sets of rules: each connection goes where it is said to go`, async () => {
    const met = new Set<string>();
    const asked = await Promise.all(
      questions().map(async (question) => ({
        question,
        bytes: question.tls === undefined ? BYTES : await clientHello(question.tls),
      })),
    );
    for (const rules of fc.sample(rulesOf, { seed: SEED, numRuns: SETS })) {
      const text = documents(rules);
      const proxy = { proxyNamespace: "shop", meshPort: 0, meshListeners: true };
      const { compilation, diagnostics } = await mesh.apply([text], { proxy });
      expect(compilation, `${text}\n${diagnostics.map(({ message }) => message).join("\n")}`).toBeDefined();
      const sockets = bySocket([...compilation!.config.listeners, ...(compilation!.config.tcpChains ?? [])]);
      const workspace = createWorkspace({
        source: texts({ "rules.yaml": text }),
        proxies: { one: { ...proxy, target } },
      });
      const lines = await Promise.all(
        asked.map(async ({ question, bytes }) => {
          const { connection } = await workspace.explainConnection("one", question);
          const expected = said(connection!);
          const socket = sockets.find(([first]) => {
            const { port, servicePort = port } = first!;
            return servicePort === question.port;
          });
          if (socket === undefined || connection!.listener === undefined) {
            const isAlike = socket === undefined && connection!.listener === undefined;
            return isAlike ? [] : [`${JSON.stringify(question)}: only one of the two has a listener`];
          }
          const preface = hasRanges(socket) ? meantFor(question.host, question.port) : "";
          const actual = seen(await exchange(socket[0]!.port, Buffer.concat([Buffer.from(preface), bytes])));
          met.add(connection!.chain?.reads === "http" ? "http" : connection!.decision.outcome);
          return expected.includes(actual)
            ? []
            : [`${JSON.stringify(question)}: said ${expected.join(" or ")}, got ${actual}`];
        }),
      );
      await workspace.dispose();
      expect(lines.flat(), text).toEqual([]);
    }
    // All kinds of ends were among them.
    expect([...met].sort()).toEqual(["closed", "forward", "http"]);
  });
});
