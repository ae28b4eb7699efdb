/**
 * An edge whose proxy has `connectionSettings`, clients of it that say what they like and when, and a server behind it that stalls:
 * what tests of limits have in common.
 */

import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";
import type { ProxyOptions } from "../../compiler/options.ts";
import { WORLD } from "../conformance/format.ts";
import { formatRequest } from "../harness/client.ts";
import type { Mesh } from "../harness/mesh.ts";

export const MIB = 1 << 20;
/** Longer than any limit here, and than any test. */
export const ENDLESS = { "x-echo-delay-ms": "600000" };
export const GET = formatRequest({ host: "a.example", path: "/" });

const EDGE = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge, namespace: shop }
spec:
  hosts: ["*"]
  gateways: [edge]
  http:
  - match: [{ uri: { exact: /stalled } }]
    route: [{ destination: { host: stalled.example } }]
  - retries: { attempts: 1, retryOn: 5xx }
    route: [{ destination: { host: reviews } }]
`;
/** Sends for as long as the other side lets it. */
const DRIP_MS = 20;

export type ConnectionSettings = Readonly<Record<string, unknown>>;

/** Gives the port of the gateway. Without `settings`, nobody has said anything of its connections. */
export async function applyEdge(
  mesh: Mesh,
  settings?: ConnectionSettings,
  { behind, ...proxy }: Partial<Omit<ProxyOptions, "portMap">> & { readonly behind?: StallingServer } = {},
): Promise<number> {
  const { ports } = await mesh.apply([WORLD, EDGE, behind?.service ?? "", meshOf(settings)], {
    proxy: { proxyNamespace: "shop", ...proxy },
  });
  return ports.get("gateway_80")!;
}

function meshOf(settings: ConnectionSettings | undefined): string {
  const defaultConfig = settings === undefined ? {} : { connectionSettings: settings };
  return JSON.stringify({
    apiVersion: "install.istio.io/v1alpha1",
    kind: "IstioOperator",
    metadata: { name: "mesh", namespace: "istio-system" },
    spec: { meshConfig: { defaultConfig } },
  });
}

/** Of Envoy; 0 where there is none of this name. */
export async function statOf({ envoy }: Mesh, name: string): Promise<number> {
  const found = await envoy.admin.stats(`^${name.replaceAll(/[.|]/g, "\\$&")}$`);
  return found.get(name) ?? 0;
}

/** Connections that are gone after `close`. */
export class Clients {
  readonly #open: { destroy(): void }[] = [];

  async connect(port: number): Promise<net.Socket> {
    const socket = net.connect(port, "127.0.0.1");
    this.#open.push(socket);
    socket.on("error", () => {});
    await once(socket, "connect");
    return socket;
  }

  async connectHttp2(port: number): Promise<http2.ClientHttp2Session> {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    this.#open.push(session);
    session.on("error", () => {});
    await once(session, "remoteSettings");
    return session;
  }

  close(): void {
    for (const one of this.#open.splice(0)) {
      one.destroy();
    }
  }
}

/** The first bytes that come; none where the other side closes instead. `drip`: what is sent until then, again and again. */
export async function answerOn(socket: net.Socket, drip?: string): Promise<string> {
  // What has arrived is read first: a connection that was closed meanwhile would lose it by the next write.
  const write = () => setImmediate(() => socket.write(drip!));
  const timer = drip === undefined ? undefined : setInterval(write, DRIP_MS);
  const [bytes] = await Promise.race([once(socket, "data"), once(socket, "close")]);
  clearInterval(timer);
  return Buffer.isBuffer(bytes) ? bytes.toString("latin1") : "";
}

/** Says what fills the buffers of the kernel, and then those of Envoy. */
export function fill(socket: net.Socket): void {
  const bytes = Buffer.alloc(MIB);
  for (let i = 0; i < 128; i++) {
    socket.write(bytes);
  }
}

/** Reads the beginning of a request to `/stalled` and nothing more; to a GET it answers without end. */
export class StallingServer {
  readonly #server = net.createServer((socket) => this.#stall(socket));
  readonly #sockets: net.Socket[] = [];

  static async start(): Promise<StallingServer> {
    const one = new StallingServer();
    one.#server.listen(0, "127.0.0.1");
    await once(one.#server, "listening");
    return one;
  }

  /** What the rules need to know of it. */
  get service(): string {
    const { port } = this.#server.address() as net.AddressInfo;
    return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: stalled, namespace: shop }
spec:
  hosts: [stalled.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints: [{ address: 127.0.0.1, ports: { http: ${port} } }]
`;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  #stall(socket: net.Socket): void {
    this.#sockets.push(socket);
    socket.on("error", () => {});
    socket.once("data", (head) => {
      socket.pause();
      if (head.toString("latin1").startsWith("GET ")) {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${1024 * MIB}\r\n\r\n`);
        fill(socket);
      }
    });
  }
}
