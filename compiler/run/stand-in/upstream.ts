/**
 * The stub upstream: answers every request with JSON of what it received. One process stands for all endpoints of
 * a mesh; which one was asked is known by the address and port it was asked at. It speaks HTTP/1.1 and cleartext
 * HTTP/2 on the same port, as the protocol of a cluster may be either.
 */

import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import type { Readable } from "node:stream";
import { joinedByName } from "../../answers/cases/headers.ts";
import type { HeaderLine } from "../../answers/request/wire.ts";

/** What one request looked like when it arrived. */
export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  /** Lower-case names; several lines of one name are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
  readonly httpVersion: "1.1" | "2";
  /** `address:port` of the endpoint asked. */
  readonly endpoint: string;
}

export interface Upstream {
  /** Starts to answer at an address and port; does nothing when it does so already. */
  listen(address: string, port: number): Promise<void>;
  /** Every request since the last `reset`, oldest first. */
  readonly requests: readonly UpstreamRequest[];
  /** Forgets the requests. */
  reset(): void;
  /** Names the endpoints for `x-backend`: `address:port` → cluster. */
  name(clusters: ReadonlyMap<string, string>): void;
  close(): Promise<void>;
}

const HTTP2_PREFACE = "PRI *";

/** With which status a request is answered, and when; at once unless said. */
export interface Reply {
  readonly status: number;
  readonly when?: Promise<unknown>;
}

const OK_AT_ONCE: Reply = { status: 200 };

export function startUpstream(replyTo: (request: UpstreamRequest) => Reply = () => OK_AT_ONCE): Upstream {
  const requests: UpstreamRequest[] = [];
  const servers = new Map<string, net.Server>();
  const sockets = new Set<net.Socket>();
  let clusters: ReadonlyMap<string, string> = new Map();

  const answer = (
    received: Omit<UpstreamRequest, "endpoint">,
    socket: { readonly localAddress?: string | undefined; readonly localPort?: number | undefined },
    reply: (status: number, headers: Record<string, string>, body: string) => void,
  ) => {
    const request: UpstreamRequest = { ...received, endpoint: `${socket.localAddress}:${socket.localPort}` };
    requests.push(request);
    const headers = {
      "x-from-backend": "b1",
      "x-backend": clusters.get(request.endpoint) ?? request.endpoint,
    };
    const body = JSON.stringify(request);
    const { status, when = Promise.resolve() } = replyTo(request);
    void when.then(() => reply(status, { ...headers, "content-type": "application/json" }, body));
  };

  // Unless told otherwise, Node closes a connection that was idle for seconds just when an Envoy sends its next request over it.
  const http1 = http.createServer({ maxHeaderSize: 1 << 20, keepAliveTimeout: 0 }, (request, response) => {
    const { localAddress, localPort } = request.socket;
    countBody(request, (bodyBytes) => {
      const headers = joinHeaders(request.rawHeaders);
      const received = {
        method: request.method ?? "",
        path: request.url ?? "",
        host: headers.host ?? "",
        headers,
        bodyBytes,
        httpVersion: "1.1",
      } as const;
      answer(received, { localAddress, localPort }, (status, fields, body) => {
        response.writeHead(status, fields).end(body);
      });
    });
  });
  // Envoy sends on what Node's parser refuses: methods of its clients' own, a path that a rewrite left without its slash.
  http1.on("clientError", (error: Error & { readonly rawPacket?: Buffer }, socket: net.Socket) => {
    const received = unusualRequest(error.rawPacket);
    if (received === undefined) {
      socket.destroy();
      return;
    }
    answer(received, socket, (status, fields, body) => {
      const headers = { ...fields, "content-length": String(Buffer.byteLength(body)), connection: "close" };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${body}`);
    });
  });

  const cleartext2 = http2.createServer((request, response) => {
    const { localAddress, localPort } = request.stream.session?.socket ?? {};
    countBody(request, (bodyBytes) => {
      const headers = joinHeaders(request.rawHeaders);
      const received = {
        method: request.method,
        path: request.url,
        host: request.authority,
        headers,
        bodyBytes,
        httpVersion: "2",
      } as const;
      answer(received, { localAddress, localPort }, (status, fields, body) => {
        if (!response.stream.destroyed) {
          response.writeHead(status, fields);
          response.end(body);
        }
      });
    });
  });

  const onConnection = (socket: net.Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    socket.once("readable", () => {
      const start: Buffer | null = socket.read();
      if (start === null) {
        socket.destroy();
        return;
      }
      socket.unshift(start);
      const server = start.toString("latin1", 0, HTTP2_PREFACE.length) === HTTP2_PREFACE ? cleartext2 : http1;
      server.emit("connection", socket);
    });
  };

  return {
    requests,
    async listen(address, port) {
      const name = `${address}:${port}`;
      if (servers.has(name)) {
        return;
      }
      const server = net.createServer(onConnection);
      servers.set(name, server);
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen({ host: address, port, exclusive: true }, resolve);
      });
    },
    reset() {
      requests.length = 0;
    },
    name(names) {
      clusters = names;
    },
    async close() {
      const closed = [...servers.values()].map(
        (server) => new Promise<void>((resolve) => server.close(() => resolve())),
      );
      for (const socket of sockets) {
        socket.destroy();
      }
      await Promise.all(closed);
    },
  };
}

/** What stands in the packet that Node's parser refused: the whole head, since Envoy writes it at once. */
function unusualRequest(packet: Buffer | undefined): Omit<UpstreamRequest, "endpoint"> | undefined {
  const text = packet?.toString("latin1") ?? "";
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const [, method, path] = /^(\S+) (\S+) HTTP\/1\.1$/.exec(first) ?? [];
  if (end < 0 || method === undefined || path === undefined) {
    return undefined;
  }
  const headers = joinHeaders(
    lines.flatMap((line) => [line.split(":", 1)[0]!, line.replace(/^[^:]*:\s*/, "")]),
  );
  const bodyBytes = text.length - end - 4;
  return { method, path, host: headers.host ?? "", headers, bodyBytes, httpVersion: "1.1" };
}

function countBody(stream: Readable, done: (bytes: number) => void): void {
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  stream.on("end", () => done(bytes));
  stream.on("error", () => {});
}

/** From the list of names and values by turns, which keeps every line. */
function joinHeaders(raw: readonly string[]): Record<string, string> {
  const lines: HeaderLine[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    lines.push([raw[i]!.toLowerCase(), raw[i + 1]!]);
  }
  return joinedByName(lines);
}
