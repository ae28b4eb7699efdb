/** Connections that a Gateway passes on without reading HTTP in them, in a real Envoy. */

import { once } from "node:events";
import https from "node:https";
import net, { type AddressInfo } from "node:net";
import tls from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { binomialBound } from "../../../compiler/binomial.ts";
import { Authority, type Pair, tlsSecret } from "../../harness/authority.ts";
import { KEPT_CONNECTIONS } from "../../harness/kept-connections.ts";
import { Mesh } from "../../harness/mesh.ts";
import { askTls } from "./client.ts";
import { resource } from "./documents.ts";

const CONNECTIONS = 300;

let authority: Authority;
let one: Pair;
let mesh: Mesh;
/** Says its name, and ends. */
const talkers = new Map<string, net.Server>();
/** Has a certificate of its name. */
const secure = new Map<string, https.Server>();

beforeAll(async () => {
  authority = await Authority.create("authority");
  one = await authority.issue({ names: ["one.example"] });
  for (const name of ["a", "b"]) {
    const server = net.createServer((socket) => socket.on("error", () => {}).end(`I am ${name}`));
    await once(server.listen(0, "127.0.0.1"), "listening");
    talkers.set(name, server);
  }
  for (const name of ["one.example", "two.example"]) {
    const { certificate: cert, key } = await authority.issue({ names: [name, `sub.${name}`] });
    const server = https.createServer({ ...KEPT_CONNECTIONS, cert, key }, (_request, response) =>
      response.end(name),
    );
    await once(server.listen(0, "127.0.0.1"), "listening");
    secure.set(name, server);
  }
  mesh = await Mesh.create({ target: "wasm" });
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

const service = (name: string, protocol: string, server: net.Server) =>
  resource("ServiceEntry", name.replaceAll(".", "-"), {
    hosts: [`${name}.svc`],
    ports: [{ number: 9000, targetPort: (server.address() as AddressInfo).port, name: "x", protocol }],
    resolution: "STATIC",
    endpoints: [{ address: "127.0.0.1" }],
  });
const gateway = (servers: readonly object[]) =>
  resource("Gateway", "edge", { selector: { istio: "ingressgateway" }, servers });
const server = (number: number, protocol: string, hosts: readonly string[], more: object = {}) => ({
  port: { number, name: protocol.toLowerCase(), protocol },
  hosts,
  ...more,
});
const to = (name: string, weight?: number) => ({
  destination: { host: `${name}.svc` },
  ...(weight !== undefined && { weight }),
});

async function apply(documents: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const services = [
    ...[...talkers].map(([name, server]) => service(name, "TCP", server)),
    ...[...secure].map(([name, server]) => service(name, "TLS", server)),
  ];
  const { ports, diagnostics } = await mesh.apply([...services, ...documents], { proxy: { meshPort: 0 } });
  expect(diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual([]);
  return ports;
}

/** What is said on a connection until it ends. */
async function listen(port: number, secured?: tls.ConnectionOptions): Promise<string> {
  const socket = secured
    ? tls.connect({ host: "127.0.0.1", port, ...secured })
    : net.connect(port, "127.0.0.1");
  let text = "";
  for await (const data of socket) {
    text += data;
  }
  return text;
}

test("tcp: the first rule that applies, and its weights", async () => {
  const ports = await apply([
    gateway([server(9000, "TCP", ["*"]), server(9001, "MONGO", ["*"])]),
    resource("VirtualService", "tcp", {
      hosts: ["*"],
      gateways: ["edge"],
      tcp: [
        { match: [{ port: 9001 }], route: [to("b")] },
        { match: [{ port: 9000 }], route: [to("a", 80), to("b", 20)] },
        { route: [to("b")] },
      ],
    }),
  ]);
  expect(await listen(ports.get("gateway_9001_mongo_edge_default")!)).toBe("I am b");
  const port = ports.get("gateway_9000_tcp_edge_default")!;
  let first = 0;
  for (let i = 0; i < CONNECTIONS; i++) {
    first += (await listen(port)) === "I am a" ? 1 : 0;
  }
  const { least, most } = binomialBound(CONNECTIONS, 0.8);
  expect(first).toBeGreaterThanOrEqual(least);
  expect(first).toBeLessThanOrEqual(most);
});

test("PASSTHROUGH: TLS that ends elsewhere goes by the name that is asked for, beside TLS that ends here", async () => {
  const ports = await apply([
    tlsSecret("own", await authority.issue({ names: ["own.example"] })),
    gateway([
      server(443, "TLS", ["one.example", "*.two.example"], { tls: { mode: "PASSTHROUGH" } }),
      server(443, "HTTPS", ["own.example"], { tls: { mode: "SIMPLE", credentialName: "own" } }),
    ]),
    resource("VirtualService", "tls", {
      hosts: ["one.example", "*.two.example"],
      gateways: ["edge"],
      tls: [
        { match: [{ sniHosts: ["one.example"] }], route: [to("one.example")] },
        { match: [{ port: 444, sniHosts: ["*.two.example"] }], route: [to("one.example")] },
        { match: [{ port: 443, sniHosts: ["*.two.example"] }], route: [to("two.example")] },
      ],
    }),
    resource("VirtualService", "own", {
      hosts: ["own.example"],
      gateways: ["edge"],
      http: [{ directResponse: { status: 200, body: { string: "own" } } }],
    }),
  ]);
  const port = ports.get("gateway_443_https_edge_default")!;
  const ca = authority.certificate;
  const asked = (host: string) => askTls({ port, host, ca });
  expect(await asked("one.example")).toMatchObject({ body: "one.example", certificate: "one.example" });
  expect(await asked("sub.two.example")).toMatchObject({ body: "two.example", certificate: "two.example" });
  expect(await asked("own.example")).toMatchObject({ body: "own", certificate: "own.example" });
  await expect(asked("three.example")).rejects.toThrow();
});

test("TLS that ends at the Gateway, with any protocol behind it", async () => {
  const ports = await apply([
    tlsSecret("one", one),
    gateway([server(9443, "TLS", ["one.example"], { tls: { mode: "SIMPLE", credentialName: "one" } })]),
    resource("VirtualService", "tcp", {
      hosts: ["one.example"],
      gateways: ["edge"],
      tcp: [{ route: [to("a")] }],
    }),
  ]);
  const port = ports.get("gateway_9443_tls_edge_default")!;
  const secured = { servername: "one.example", ca: authority.certificate };
  expect(await listen(port, secured)).toBe("I am a");
  await expect(listen(port, { ...secured, servername: "other.example" })).rejects.toThrow();
});

test("a server without rules closes what it is given", async () => {
  const { config } = (await mesh.apply([gateway([server(9002, "TCP", ["*"])])], { proxy: { meshPort: 0 } }))
    .compilation!;
  expect(config.tcpChains).toBeUndefined();
});
