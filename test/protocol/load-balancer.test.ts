/** An edge behind a load balancer: PROXY protocol headers of every kind, certificates of clients, and what of HTTP/1.1 goes through. */

import net from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Target } from "../../compiler/options.ts";
import { proxyLine } from "../../compiler/run/stand-in/proxy-line.ts";
import { askTls } from "../front/tls/client.ts";
import { Authority, type Pair, tlsSecret } from "../harness/authority.ts";
import { ask, Connection } from "../harness/client.ts";
import { Mesh } from "../harness/mesh.ts";
import { freePort } from "../harness/ports.ts";
import { TARGETS } from "../harness/targets.ts";

/** One for each target. */
const meshes = new Map<Target, Mesh>();

async function meshOf(target: Target): Promise<Mesh> {
  const mesh = meshes.get(target) ?? (await Mesh.create({ target }));
  meshes.set(target, mesh);
  return mesh;
}

afterAll(async () => {
  await Promise.all([...meshes.values()].map((mesh) => mesh.close()));
});

const meshConfig = (config: object) =>
  JSON.stringify({
    apiVersion: "install.istio.io/v1alpha1",
    kind: "IstioOperator",
    metadata: { name: "mesh" },
    spec: { meshConfig: { defaultConfig: config } },
  });

const gateway = (servers: readonly object[]) =>
  JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: { name: "edge", namespace: "default" },
    spec: { servers },
  });

const HTTP = { port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] };
const TCP = { port: { number: 9000, name: "tcp", protocol: "TCP" }, hosts: ["*"] };

/** Services of one port, on endpoints of the mesh or others. */
const service = (name: string, protocol: string, endpoints: readonly string[], port = 18_080) =>
  JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name, namespace: "default" },
    spec: {
      hosts: [`${name}.example`],
      ports: [{ number: 80, name: "port", protocol, targetPort: port }],
      resolution: "STATIC",
      endpoints: endpoints.map((address) => ({ address })),
    },
  });

const rules = (route: object) =>
  JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "edge", namespace: "default" },
    spec: { hosts: ["*"], gateways: ["edge"], ...route },
  });

const to = (name: string) => [{ destination: { host: `${name}.example`, port: { number: 80 } } }];
const EXTERNAL = "x-envoy-external-address";

describe("PROXY protocol", () => {
  let http: number;
  let tcp: number;

  beforeAll(async () => {
    const mesh = await meshOf("wasm");
    const { ports } = await mesh.apply(
      [
        meshConfig({ gatewayTopology: { proxyProtocol: {} } }),
        gateway([HTTP, TCP]),
        service("web", "HTTP", ["127.20.0.1"]),
        service("raw", "TCP", ["127.20.0.2"]),
        rules({ http: [{ route: to("web") }], tcp: [{ route: to("raw") }] }),
      ],
      { proxy: { meshPort: 0 } },
    );
    http = ports.get("gateway_80")!;
    tcp = ports.get("gateway_9000_tcp_edge_default")!;
  });

  const REQUEST = "GET / HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\n\r\n";

  /** All that comes back until the proxy closes the connection. `ends`: nothing more is sent, and the proxy is told so. */
  function answerTo(port: number, bytes: Uint8Array, ends = false): Promise<string> {
    return new Promise((resolve) => {
      let received = "";
      const socket = net.connect({ host: "127.0.0.1", port }, () => {
        if (ends) {
          socket.end(bytes);
        } else {
          socket.write(bytes);
        }
      });
      socket.setEncoding("latin1").on("data", (text: string) => {
        received += text;
      });
      // A reset is an end as well.
      socket.on("error", () => {});
      socket.on("close", () => resolve(received));
    });
  }

  /** The address that counts, as the upstream is told; `undefined`: the connection is closed without an answer. */
  async function clientOf(header: Uint8Array, port = http): Promise<string | undefined> {
    const answer = await answerTo(port, Buffer.concat([header, Buffer.from(REQUEST)]));
    return answer === "" ? undefined : /"x-envoy-external-address":"([^"]*)"/.exec(answer)?.[1];
  }

  const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
  /** Version 2: command, family, addresses, and what else is said of the connection. */
  function binary(command: number, family: number, rest: Uint8Array, length = rest.length): Buffer {
    const head = Buffer.from([command, family, length >> 8, length & 0xff]);
    return Buffer.concat([SIGNATURE, head, rest]);
  }
  const IPV4 = Buffer.from([1, 2, 3, 4, 127, 0, 0, 1, 0x9c, 0x40, 0, 80]);
  const IPV6 = Buffer.concat([
    Buffer.from("20010db8000000000000000000000007", "hex"),
    Buffer.from("00000000000000000000000000000001", "hex"),
    Buffer.from([0x9c, 0x40, 0, 80]),
  ]);
  /** PP2_TYPE_AUTHORITY and PP2_TYPE_NOOP. */
  const TLVS = Buffer.from([0x02, 0, 9, ...Buffer.from("a.example"), 0x04, 0, 2, 0, 0]);

  test("says who connects, in both versions", async () => {
    expect(await clientOf(proxyLine("1.2.3.4"))).toBe("1.2.3.4");
    expect(await clientOf(proxyLine("2001:db8::7"))).toBe("2001:db8::7");
    expect(await clientOf(binary(0x21, 0x11, IPV4))).toBe("1.2.3.4");
    expect(await clientOf(binary(0x21, 0x21, IPV6))).toBe("2001:db8::7");
    expect(await clientOf(binary(0x21, 0x11, Buffer.concat([IPV4, TLVS])))).toBe("1.2.3.4");
  });

  test("may say nothing of it: then it is the connection's own", async () => {
    expect(await clientOf(Buffer.from("PROXY UNKNOWN\r\n"))).toBe("127.0.0.1");
    expect(await clientOf(Buffer.from("PROXY UNKNOWN 1.2.3.4 5.6.7.8 1 2\r\n"))).toBe("127.0.0.1");
    expect(await clientOf(binary(0x20, 0x00, Buffer.alloc(0)))).toBe("127.0.0.1");
  });

  const LINE = proxyLine("1.2.3.4");
  const BLOCK = binary(0x21, 0x11, Buffer.concat([IPV4, TLVS]));

  test.each([
    ["is missing", Buffer.alloc(0)],
    ["has another name", Buffer.from("PROXI TCP4 1.2.3.4 127.0.0.1 1 2\r\n")],
    ["is in lower case", Buffer.from("proxy TCP4 1.2.3.4 127.0.0.1 1 2\r\n")],
    ["has no address", Buffer.from("PROXY TCP4 nobody 127.0.0.1 1 2\r\n")],
    ["has an address of the other family", Buffer.from("PROXY TCP6 1.2.3.4 127.0.0.1 1 2\r\n")],
    ["has a port that is none", Buffer.from("PROXY TCP4 1.2.3.4 127.0.0.1 1 65536\r\n")],
    ["has too few parts", Buffer.from("PROXY TCP4 1.2.3.4\r\n")],
    ["does not end", Buffer.from(`PROXY TCP4 1.2.3.4 127.0.0.1 1 ${"2".repeat(300)}`)],
    ["is of another version", binary(0x31, 0x11, IPV4)],
    ["has an unknown command", binary(0x2f, 0x11, IPV4)],
    ["is shorter than its addresses", binary(0x21, 0x21, IPV4)],
  ])("a header that %s closes the connection", async (_what, header) => {
    expect(await answerTo(http, Buffer.concat([header, Buffer.from(REQUEST)]))).toBe("");
    expect(await answerTo(tcp, Buffer.concat([header, Buffer.from(REQUEST)]))).toBe("");
  });

  test("a header that is cut anywhere closes its own connection, and no other", async () => {
    const other = await Connection.open(http, undefined, { preface: proxyLine("9.9.9.9") });
    try {
      const cuts = [LINE, BLOCK, binary(0x21, 0x11, IPV4, 0xffff)].flatMap((whole) =>
        Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length)),
      );
      expect(cuts.length).toBeGreaterThan(80);
      expect(new Set(await Promise.all(cuts.map((cut) => answerTo(http, cut, true))))).toEqual(new Set([""]));
      const { body } = await other.request({ host: "a.example", path: "/" });
      expect(JSON.parse(body).headers[EXTERNAL]).toBe("9.9.9.9");
    } finally {
      other.close();
    }
    expect(await clientOf(LINE)).toBe("1.2.3.4");
  });

  test("a header that comes byte by byte is whole", async () => {
    const socket = net.connect({ host: "127.0.0.1", port: http });
    socket.setNoDelay(true);
    const received = new Promise<string>((resolve) => {
      let text = "";
      socket.setEncoding("latin1").on("data", (chunk: string) => {
        text += chunk;
      });
      socket.on("close", () => resolve(text));
    });
    for (const byte of Buffer.concat([BLOCK, Buffer.from(REQUEST)])) {
      await new Promise<void>((resolve) => socket.write(Buffer.from([byte]), () => resolve()));
    }
    expect(await received).toContain(`"${EXTERNAL}":"1.2.3.4"`);
  });

  test("connections without HTTP are passed on without the header", async () => {
    const answer = await answerTo(tcp, Buffer.concat([BLOCK, Buffer.from(REQUEST)]));
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).not.toContain(EXTERNAL);
    expect(await answerTo(tcp, Buffer.from(REQUEST))).toBe("");
  });
});

describe("a client's certificate", () => {
  let mesh: Mesh;
  let authority: Authority;
  let server: Pair;
  let client: Pair;

  beforeAll(async () => {
    authority = await Authority.create("authority");
    server = await authority.issue({ names: ["one.example"] });
    client = await authority.issue({ names: ["client.example"], uris: ["spiffe://a/b"] });
    mesh = await meshOf("wasm");
  });

  const OWN = "By=spiffe://forged;Hash=0";
  test.each([
    [
      "UNDEFINED",
      /^Hash=[0-9a-f]{64};Cert=".*";Subject="CN=client\.example";URI=spiffe:\/\/a\/b;DNS=client\.example$/,
    ],
    ["SANITIZE_SET", /^(?!.*forged).*Hash=[0-9a-f]{64}/],
    ["APPEND_FORWARD", /^By=spiffe:\/\/forged;Hash=0,.*Hash=[0-9a-f]{64}/],
    ["FORWARD_ONLY", /^By=spiffe:\/\/forged;Hash=0$/],
    ["ALWAYS_FORWARD_ONLY", /^By=spiffe:\/\/forged;Hash=0$/],
    ["SANITIZE", /^undefined$/],
  ])("%s", async (forwardClientCertDetails, expected) => {
    const { ports } = await mesh.apply(
      [
        meshConfig({ gatewayTopology: { forwardClientCertDetails, proxyProtocol: {} } }),
        tlsSecret("one", server, authority.certificate),
        gateway([
          {
            port: { number: 443, name: "https", protocol: "HTTPS" },
            hosts: ["one.example"],
            tls: { mode: "MUTUAL", credentialName: "one" },
          },
        ]),
        service("web", "HTTP", ["127.20.0.1"]),
        rules({ http: [{ route: to("web") }] }),
      ],
      { proxy: { meshPort: 0 } },
    );
    const { body } = await askTls({
      port: ports.get("gateway_443_https_edge_default")!,
      host: "one.example",
      ca: authority.certificate,
      own: client,
      preface: proxyLine("1.2.3.4"),
      headers: { "x-forwarded-client-cert": OWN },
    });
    const { headers } = JSON.parse(body);
    expect(String(headers["x-forwarded-client-cert"])).toMatch(expected);
    expect(headers[EXTERNAL]).toBe("1.2.3.4");
  });
});

describe.each(TARGETS)("target %s", (target) => {
  let upstream: net.Server;
  let port: number;
  const heard: string[] = [];

  beforeAll(async () => {
    // Answers each request, and keeps how its head was written.
    upstream = net.createServer((socket) => {
      socket.setEncoding("latin1").on("data", (text: string) => {
        heard.push(text);
        socket.write("HTTP/1.1 200 OK\r\nX-AnSwer: 1\r\ncontent-length: 0\r\n\r\n");
      });
      socket.on("error", () => {});
    });
    const upstreamPort = await freePort();
    await new Promise<void>((resolve) => upstream.listen(upstreamPort, "127.72.0.5", resolve));
    const mesh = await meshOf(target);
    const { ports } = await mesh.apply(
      [
        meshConfig({
          gatewayTopology: { numTrustedProxies: 1 },
          proxyHeaders: { preserveHttp1HeaderCase: true, xForwardedPort: { enabled: true } },
        }),
        gateway([HTTP]),
        service("cased", "HTTP", ["127.72.0.5"], upstreamPort),
        service("hashed", "HTTP", ["127.20.0.1", "127.20.0.2", "127.20.0.3"]),
        JSON.stringify({
          apiVersion: "networking.istio.io/v1",
          kind: "DestinationRule",
          metadata: { name: "hashed", namespace: "default" },
          spec: {
            host: "hashed.example",
            trafficPolicy: { loadBalancer: { consistentHash: { useSourceIp: true } } },
          },
        }),
        rules({
          http: [
            {
              match: [{ uri: { prefix: "/hashed" } }],
              route: to("hashed"),
            },
            {
              headers: { request: { set: { "x-rule": "1" } } },
              rewrite: { uri: "/rewritten" },
              route: to("cased"),
            },
          ],
        }),
      ],
      { proxy: { meshPort: 0 } },
    );
    port = ports.get("gateway_80")!;
  });

  afterAll(() => {
    upstream?.close();
  });

  test("names of headers keep their case, both ways", async () => {
    heard.length = 0;
    const socket = net.connect({ host: "127.0.0.1", port });
    const answer = await new Promise<string>((resolve) => {
      socket.setEncoding("latin1").once("data", (text: string) => resolve(text));
      socket.write("GET /a HTTP/1.1\r\nHost: a.example\r\nX-MiXed: 1\r\nx-lower: 1\r\n\r\n");
    });
    socket.destroy();
    expect(answer).toContain("\r\nX-AnSwer: 1\r\n");
    expect(heard.join("")).toContain("\r\nX-MiXed: 1\r\n");
    expect(heard.join("")).toContain("\r\nx-lower: 1\r\n");
    expect(heard.join("")).toMatch(/^GET \/rewritten/);
    expect(heard.join("")).toContain("\r\nx-rule: 1\r\n");
  });

  test("the port that was connected to, unless a proxy in front says it", async () => {
    const told = async (headers: Readonly<Record<string, string>>) => {
      const { body } = await ask(port, { host: "a.example", path: "/hashed", headers });
      return JSON.parse(body).headers["x-forwarded-port"];
    };
    expect(await told({})).toBe(String(port));
    expect(await told({ "x-forwarded-port": "443" })).toBe("443");
  });

  test("consistentHash by source address is by that of the client, not of the proxy in front", async () => {
    const connection = await Connection.open(port);
    const endpointOf = async (client: string) => {
      const headers = { "x-forwarded-for": `6.6.6.6, ${client}` };
      const { body } = await connection.request({ host: "a.example", path: "/hashed", headers });
      return JSON.parse(body).endpoint as string;
    };
    // That one of three endpoints is the place of none of so many is no chance.
    const clients = Array.from({ length: 100 }, (_, i) => `10.1.${i}.7`);
    const once: string[] = [];
    const again: string[] = [];
    for (const client of clients) {
      once.push(await endpointOf(client));
    }
    for (const client of clients) {
      again.push(await endpointOf(client));
    }
    connection.close();
    expect(again).toEqual(once);
    expect(new Set(once).size).toBe(3);
  });
});
