/** A Sidecar's `egressProxy`, to which connections go that are for nobody who is registered, in a real Envoy for both targets. */

import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Authority } from "../harness/authority.ts";
import { Mesh } from "../harness/mesh.ts";
import { TARGETS } from "../harness/targets.ts";
import { believingProxyProtocol, sayTo } from "./redirected.ts";
import { resource } from "./tls/documents.ts";

const [OF_A, OF_B, OF_NOBODY] = ["10.85.0.1", "10.85.0.2", "203.0.113.85"];
/** Whole, so that nobody has to wait for more to tell that it is not HTTP. */
const LINE = "hello\r\n";
const HTTP = "GET / HTTP/1.1\r\nhost: nobody.example\r\n\r\n";

/** Answer the first bytes with their name and them. */
const talkers = new Map<string, net.Server>();
/** Ends TLS for any name. */
let secure: tls.Server;
let authority: Authority;

beforeAll(async () => {
  for (const name of ["a", "b", "proxy"]) {
    const server = net.createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (data) => {
        const text = `${name}: ${String(data).split("\r\n")[0]}`;
        const isHttp = text.endsWith("HTTP/1.1");
        // In a header: a body might come later than what is read first.
        socket.end(isHttp ? `HTTP/1.1 200 OK\r\nx-from: ${text}\r\ncontent-length: 0\r\n\r\n` : text);
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    talkers.set(name, server);
  }
  authority = await Authority.create("authority");
  const { certificate: cert, key } = await authority.issue({ names: ["secure.example"] });
  secure = tls.createServer({ cert, key }, (socket) => {
    socket.on("error", () => {});
    socket.end(`secure: ${(socket as tls.TLSSocket & { servername?: string }).servername}`);
  });
  await once(secure.listen(0, "127.0.0.1"), "listening");
});

afterAll(() => {
  for (const server of [...talkers.values(), secure]) {
    server?.close();
  }
});

const portOf = (server: net.Server) => (server.address() as AddressInfo).port;

const entry = (name: string, port: object, more: object = {}, server = talkers.get(name)!) =>
  resource("ServiceEntry", name, {
    hosts: [`${name}.example`],
    ports: [{ number: 9000, name: "x", protocol: "TCP", ...port }],
    resolution: "STATIC",
    endpoints: [{ address: "127.0.0.1", ports: { x: portOf(server) } }],
    ...more,
  });
const egress = (host: string, number = 7000, listeners: readonly object[] = [{ hosts: ["*/*"] }]) =>
  resource("Sidecar", "default", {
    egress: listeners,
    outboundTrafficPolicy: { mode: "ALLOW_ANY", egressProxy: { host, port: { number } } },
  });
const proxy = (more: object = {}, server?: net.Server) =>
  entry("proxy", { number: 7000, ...more }, {}, server);

/** What comes back over TLS for a name; empty when the connection is closed. */
function nameAt(port: number, address: string, servername: string): Promise<string> {
  return new Promise((done) => {
    const raw = net.connect(port, "127.0.0.1", () => {
      raw.write(`PROXY TCP4 127.0.0.1 ${address} 1234 443\r\n`);
      const socket = tls.connect({ socket: raw, servername, rejectUnauthorized: false });
      socket.once("data", (data) => {
        done(String(data));
        socket.destroy();
      });
      socket.on("error", () => done(""));
      socket.on("close", () => done(""));
    });
    raw.on("error", () => done(""));
  });
}

describe.each(TARGETS)("target %s", (target) => {
  let mesh: Mesh;

  beforeAll(async () => {
    mesh = await Mesh.create({ target, emit: believingProxyProtocol });
  });
  afterAll(() => mesh?.close());

  async function apply(...documents: readonly string[]): Promise<(name: string) => number> {
    const { ports, diagnostics } = await mesh.apply(documents, {
      proxy: { meshPort: 0, meshListeners: true },
    });
    expect(diagnostics).toEqual([]);
    return (name) => ports.get(name)!;
  }

  test("gets what is for no registered address, on ports of one service and of several", async () => {
    const portAt = await apply(
      egress("proxy.example"),
      proxy(),
      entry("a", {}, { addresses: [OF_A] }),
      entry("b", { number: 9001 }, { addresses: [OF_B] }),
      entry("c", { number: 9001 }, { addresses: [`${OF_A}/32`] }, talkers.get("a")),
    );
    const at = (address: string, number: number) =>
      sayTo({ port: portAt(`mesh_${number}`), address, meant: number }, "hello");
    expect(await at(OF_A, 9000)).toBe("a: hello");
    expect(await at(OF_NOBODY, 9000)).toBe("proxy: hello");
    expect(await at(OF_B, 9001)).toBe("b: hello");
    expect(await at(OF_A, 9001)).toBe("a: hello");
    expect(await at(OF_NOBODY, 9001)).toBe("proxy: hello");
    // A service without an address has all of its port.
    expect(await sayTo({ port: portAt("mesh_7000") }, "hello")).toBe("proxy: hello");
  });

  test("gets TLS for names and addresses that nobody has, unopened", async () => {
    const portAt = await apply(
      egress("proxy.example"),
      proxy({ protocol: "TLS" }, secure),
      entry("a", { number: 443, protocol: "TLS" }, { addresses: [OF_A] }),
      entry("b", { number: 443, protocol: "TLS" }),
    );
    const port = portAt("mesh_443");
    expect(await nameAt(port, OF_NOBODY, "nobody.example")).toBe("secure: nobody.example");
    // Those of services come to talkers, which speak no TLS.
    expect(await nameAt(port, OF_A, "nobody.example")).toBe("");
    expect(await nameAt(port, OF_NOBODY, "b.example")).toBe("");
    expect(await sayTo({ port, address: OF_A }, "hello")).toBe("a: hello");
  });

  test("gets what is not HTTP on ports of HTTP, and requests for other hosts as before", async () => {
    const portAt = await apply(
      egress("proxy.example"),
      proxy(),
      entry("a", { number: 80, protocol: "HTTP" }),
      entry("b", { number: 8000, protocol: "" }, { addresses: [OF_B] }),
      entry("c", { number: 81, protocol: "HTTP" }, {}, talkers.get("a")),
      entry("d", { number: 81 }, {}, talkers.get("b")),
    );
    const http = { port: portAt("mesh_80") };
    expect(await sayTo(http, LINE)).toBe("proxy: hello");
    expect(await sayTo(http, HTTP)).toContain("x-from: proxy: GET / HTTP/1.1");
    expect(await sayTo(http, HTTP.replace("nobody", "a"))).toContain("x-from: a: GET / HTTP/1.1");
    const shared = { port: portAt("mesh_81") };
    expect(await sayTo(shared, LINE)).toBe("b: hello");
    expect(await sayTo(shared, HTTP)).toContain("x-from: proxy: GET / HTTP/1.1");
    const undeclared = (address: string) => ({ port: portAt("mesh_8000"), address, meant: 8000 });
    expect(await sayTo(undeclared(OF_B), LINE)).toBe("b: hello");
    expect(await sayTo(undeclared(OF_NOBODY), LINE)).toBe("proxy: hello");
    expect(await sayTo(undeclared(OF_NOBODY), HTTP)).toContain("x-from: proxy: GET / HTTP/1.1");
  });

  test("where nothing redirects to a listener, a service that is alone there has all of it", async () => {
    const listener = { number: 9000, name: "tcp", protocol: "TCP" };
    const portAt = await apply(
      egress("proxy.example", 7000, [
        { port: listener, captureMode: "NONE", hosts: ["./a.example"] },
        { hosts: ["./proxy.example"] },
      ]),
      proxy(),
      entry("a", {}, { addresses: [OF_A] }),
    );
    expect(await sayTo({ port: portAt("mesh_9000") }, "hello")).toBe("a: hello");
  });

  test("that nobody has is a closed connection, and said", async () => {
    const { ports, diagnostics } = await mesh.apply(
      [egress("gone.example"), entry("a", {}, { addresses: [OF_A] })],
      { proxy: { meshPort: 0, meshListeners: true } },
    );
    expect(diagnostics.map(({ code }) => code)).toEqual(["SL0401"]);
    const port = ports.get("mesh_9000")!;
    expect(await sayTo({ port, address: OF_NOBODY }, "hello")).toBe("");
    expect(await sayTo({ port, address: OF_A }, "hello")).toBe("a: hello");
  });
});
