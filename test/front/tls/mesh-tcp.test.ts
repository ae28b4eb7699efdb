/** Connections of the mesh in which no HTTP is read, in a real Envoy. */

import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import net, { type AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { binomialBound } from "../../../compiler/binomial.ts";
import { Authority } from "../../harness/authority.ts";
import { ask } from "../../harness/client.ts";
import { KEPT_CONNECTIONS } from "../../harness/kept-connections.ts";
import { Mesh } from "../../harness/mesh.ts";
import { resource } from "./documents.ts";

const CONNECTIONS = 300;

let authority: Authority;
let mesh: Mesh;
/** Answers the first bytes with its name and them. */
const talkers = new Map<string, net.Server>();
/** Has a certificate of its names. */
const secure = new Map<string, https.Server>();

beforeAll(async () => {
  authority = await Authority.create("authority");
  for (const name of ["a", "b", "c"]) {
    const server = net.createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (data) => socket.write(`${name}: ${data}`));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    talkers.set(name, server);
  }
  for (const name of ["one.example", "two.example"]) {
    const { certificate: cert, key } = await authority.issue({ names: [name, `sub.${name}`, "localhost"] });
    const server = https.createServer({ ...KEPT_CONNECTIONS, cert, key }, (_request, response) =>
      response.end(name),
    );
    await once(server.listen(0, "127.0.0.1"), "listening");
    secure.set(name, server);
  }
  mesh = await Mesh.create({ target: "wasm" });
});

afterEach(() => {
  expect(mesh.envoy.log.filter((line) => /\[(warning|error|critical)\]/.test(line))).toEqual([]);
});

afterAll(async () => {
  await mesh?.close();
  for (const server of [...talkers.values(), ...secure.values()]) {
    server.close();
  }
  for (const server of secure.values()) {
    server.closeAllConnections();
  }
});

const portOf = (name: string) =>
  ((talkers.get(name) ?? secure.get(name)) as net.Server).address() as AddressInfo;

interface ServiceOptions {
  readonly number?: number;
  readonly addresses?: readonly string[];
  readonly servers?: readonly string[];
}
const service = (
  name: string,
  protocol: string,
  { number = 9000, addresses = [], servers = [name] }: ServiceOptions = {},
) =>
  resource("ServiceEntry", name, {
    hosts: [name.includes(".") ? name : `${name}.svc`],
    addresses,
    ports: [{ number, name: "x", ...(protocol !== "" && { protocol }) }],
    resolution: "STATIC",
    endpoints: servers.map((one) => ({ address: "127.0.0.1", ports: { x: portOf(one).port } })),
  });
const rules = (hosts: readonly string[], spec: object) =>
  resource("VirtualService", "rules", { hosts, ...spec });
const to = (host: string, weight?: number) => ({
  destination: { host },
  ...(weight !== undefined && { weight }),
});

async function apply(
  documents: readonly string[],
  { proxyLabels = {}, codes = [] as readonly string[] } = {},
): Promise<ReadonlyMap<string, number>> {
  const proxy = { meshPort: 0, meshListeners: true, proxyLabels };
  const { ports, diagnostics } = await mesh.apply(documents, { proxy });
  // That a service without an address needs a port of its own is a warning of istiod's, not of what is asked here.
  const others = diagnostics.filter(({ code }) => code !== "SL0434" && code !== "SL0222");
  expect(others.map(({ code }) => code)).toEqual(codes);
  return ports;
}

/** What comes back for a word; empty when the connection is closed. */
function say(port: number, word = "hello"): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(word));
    socket.once("data", (data) => {
      resolve(String(data));
      socket.destroy();
    });
    socket.on("close", () => resolve(""));
    socket.on("error", () => {});
  });
}

/** The name that the certificate is for; empty when the connection is closed. */
function nameAt(port: number, servername: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = tls.connect(
      {
        host: "127.0.0.1",
        port,
        servername,
        ca: authority.certificate,
        checkServerIdentity: () => undefined,
      },
      () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      },
    );
    socket.on("error", () => resolve(""));
    socket.on("close", () => resolve(""));
  });
}

test("a service that is alone on its port takes every connection, wherever it was for", async () => {
  const ports = await apply([service("a", "TCP", { addresses: ["10.1.2.3"] })]);
  expect(await say(ports.get("mesh_9000")!)).toBe("a: hello");
});

test("services on one port are told apart by addresses", async () => {
  const with127 = async (name: string) => {
    const address = (of: string) => (of === name ? "127.0.0.1" : `10.1.2.${of.charCodeAt(0)}`);
    const ports = await apply([
      service("a", "TCP", { addresses: [address("a")] }),
      service("b", "MONGO", { addresses: [address("b")] }),
    ]);
    return say(ports.get("mesh_9000")!);
  };
  expect(await with127("a")).toBe("a: hello");
  expect(await with127("b")).toBe("b: hello");
  expect(await with127("neither")).toBe("");
});

test("services on one port are told apart by ranges of addresses, of which the narrower wins", async () => {
  const ranges = async (a: readonly string[], b: readonly string[]) => {
    const ports = await apply([service("a", "TCP", { addresses: a }), service("b", "TCP", { addresses: b })]);
    return say(ports.get("mesh_9000")!);
  };
  expect(await ranges(["10.0.0.0/8", "127.0.0.0/8"], ["192.168.0.0/16"])).toBe("a: hello");
  expect(await ranges(["127.0.0.0/8"], ["127.0.0.0/24"])).toBe("b: hello");
  expect(await ranges(["127.0.0.0/8"], ["127.0.0.1/32"])).toBe("b: hello");
  expect(await ranges(["10.0.0.0/8"], ["192.168.0.0/16"])).toBe("");
});

test("two that nothing tells apart: the first has the connections, and the other is named", async () => {
  const ports = await apply([service("a", "TCP"), service("b", "TCP")], { codes: ["SL0444"] });
  expect(await say(ports.get("mesh_9000")!)).toBe("a: hello");
});

test("tcp rules: conditions in order, addresses, and weights", async () => {
  const apply3 = (tcp: readonly object[], proxyLabels = {}) =>
    apply(
      [
        ...["a", "b", "c"].map((name, i) => service(name, "TCP", { number: 9000 + i })),
        rules(["a.svc"], { tcp }),
      ],
      {
        proxyLabels,
      },
    );
  const bySource = [
    {
      match: [{ sourceLabels: { app: "special" } }],
      route: [{ destination: { host: "c.svc", port: { number: 9002 } } }],
    },
    { match: [{ port: 9000 }], route: [{ destination: { host: "b.svc", port: { number: 9001 } } }] },
  ];
  expect(await say((await apply3(bySource, { app: "special" })).get("mesh_9000")!)).toBe("c: hello");
  expect(await say((await apply3(bySource)).get("mesh_9000")!)).toBe("b: hello");

  const byAddress = (subnet: string) => [
    {
      match: [{ destinationSubnets: [subnet] }],
      route: [{ destination: { host: "c.svc", port: { number: 9002 } } }],
    },
  ];
  expect(await say((await apply3(byAddress("127.0.0.0/24"))).get("mesh_9000")!)).toBe("c: hello");
  expect(await say((await apply3(byAddress("10.0.0.0/8"))).get("mesh_9000")!)).toBe("a: hello");

  const split = [
    {
      route: [
        { destination: { host: "a.svc" }, weight: 80 },
        { destination: { host: "b.svc", port: { number: 9001 } }, weight: 20 },
      ],
    },
  ];
  const port = (await apply3(split)).get("mesh_9000")!;
  let first = 0;
  for (let i = 0; i < CONNECTIONS; i++) {
    first += (await say(port)) === "a: hello" ? 1 : 0;
  }
  const { least, most } = binomialBound(CONNECTIONS, 0.8);
  expect(first).toBeGreaterThanOrEqual(least);
  expect(first).toBeLessThanOrEqual(most);
});

test("TLS goes by the name that a client asks for: each service's own, without rules", async () => {
  const ports = await apply(
    ["one.example", "two.example"].map((name) => service(name, "TLS", { number: 443 })),
  );
  const port = ports.get("mesh_443")!;
  expect(await nameAt(port, "one.example")).toBe("one.example");
  expect(await nameAt(port, "two.example")).toBe("two.example");
  expect(await nameAt(port, "three.example")).toBe("");
  expect(await say(port)).toBe("");
});

test("tls rules: names, wildcards, and the port", async () => {
  const ports = await apply([
    ...["one.example", "two.example"].map((name) => service(name, "HTTPS", { number: 443 })),
    rules(["one.example", "two.example", "*.one.example"], {
      tls: [
        { match: [{ port: 444, sniHosts: ["one.example"] }], route: [to("one.example")] },
        { match: [{ port: 443, sniHosts: ["one.example", "*.one.example"] }], route: [to("two.example")] },
        { match: [{ sniHosts: ["two.example"] }], route: [to("one.example", 0), to("one.example", 100)] },
      ],
    }),
  ]);
  const port = ports.get("mesh_443")!;
  expect(await nameAt(port, "one.example")).toBe("two.example");
  expect(await nameAt(port, "sub.one.example")).toBe("two.example");
  expect(await nameAt(port, "two.example")).toBe("one.example");
  expect(await nameAt(port, "sub.two.example")).toBe("");
});

test("a name of a service without endpoints is looked up", async () => {
  const number = portOf("one.example").port;
  const ports = await apply([
    resource("ServiceEntry", "lookup", {
      hosts: ["localhost"],
      ports: [{ number, name: "tls", protocol: "TLS" }],
      resolution: "NONE",
    }),
  ]);
  expect(await nameAt(ports.get(`mesh_${number}`)!, "localhost")).toBe("one.example");
  expect(await nameAt(ports.get(`mesh_${number}`)!, "one.example")).toBe("");
});

test("a port of no declared protocol is HTTP where a connection begins like it, and else passed on", async () => {
  const ports = await apply([
    service("a", "", { number: 7000 }),
    rules(["a.svc"], { http: [{ match: [{ uri: { prefix: "/" } }], directResponse: { status: 418 } }] }),
  ]);
  const port = ports.get("mesh_7000")!;
  expect((await ask(port, { host: "a.svc", path: "/" })).status).toBe(418);
  expect(await say(port, "\u0001\u0002 no HTTP")).toBe("a: \u0001\u0002 no HTTP");
});

test("connections that are idle are closed after idleTimeout", async () => {
  const ports = await apply([
    service("a", "TCP"),
    resource("DestinationRule", "idle", {
      host: "a.svc",
      trafficPolicy: { connectionPool: { tcp: { idleTimeout: "1s" } } },
    }),
  ]);
  const socket = net.connect(ports.get("mesh_9000")!, "127.0.0.1");
  const start = performance.now();
  await once(socket, "close");
  expect(performance.now() - start).toBeGreaterThan(900);
});

test("with consistentHash by source address, a client stays with one endpoint", async () => {
  const documents = (policy: object) => [
    service("a", "TCP", { servers: ["a", "b", "c"] }),
    resource("DestinationRule", "hash", { host: "a.svc", trafficPolicy: { loadBalancer: policy } }),
  ];
  const answers = async (policy: object) => {
    const port = (await apply(documents(policy))).get("mesh_9000")!;
    const all = new Set<string>();
    // So many miss one of three endpoints once in ten billion times.
    for (let i = 0; i < 60; i++) {
      all.add(await say(port));
    }
    return all.size;
  };
  expect(await answers({ consistentHash: { useSourceIp: true } })).toBe(1);
  expect(await answers({ simple: "RANDOM" })).toBe(3);
});

test("a tunnel: the endpoint is a proxy, which is asked for the host that the policy names", async () => {
  const asked: string[] = [];
  const proxy = http.createServer(KEPT_CONNECTIONS);
  const relay = (method: string | undefined, target: string | undefined, socket: Duplex) => {
    asked.push(`${method} ${target}`);
    const beyond = net.connect(portOf("b").port, "127.0.0.1");
    socket.pipe(beyond).pipe(socket);
    for (const end of [socket, beyond]) {
      end.on("error", () => {});
    }
  };
  proxy.on("connect", ({ method, url }, socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    relay(method, url, socket);
  });
  proxy.on("request", (request, response) => {
    const beyond = net.connect(portOf("b").port, "127.0.0.1");
    asked.push(`${request.method} ${request.headers.host}`);
    // Envoy sends nothing before it has an answer.
    response.writeHead(200).flushHeaders();
    request.pipe(beyond).pipe(response);
    beyond.on("error", () => {});
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  talkers.set("proxy", proxy as unknown as net.Server);
  try {
    for (const protocol of ["CONNECT", "POST"]) {
      const ports = await apply([
        service("proxy", "TCP"),
        resource("DestinationRule", "tunnel", {
          host: "proxy.svc",
          trafficPolicy: { tunnel: { protocol, targetHost: "far.example", targetPort: 9999 } },
        }),
      ]);
      expect(await say(ports.get("mesh_9000")!), protocol).toBe("b: hello");
    }
    expect(asked).toEqual(["CONNECT far.example:9999", "POST far.example:9999"]);
  } finally {
    talkers.delete("proxy");
    proxy.closeAllConnections();
    proxy.close();
  }
});

test("without listeners for each port, such rules are refused", async () => {
  const { diagnostics, compilation } = await mesh.apply(
    [service("a", "TCP"), rules(["a.svc"], { tcp: [{ route: [to("a.svc")] }] })],
    { proxy: { meshListeners: false } },
  );
  expect(compilation).toBeUndefined();
  expect(diagnostics).toMatchObject([{ code: "SL0303", level: "error" }]);
});
