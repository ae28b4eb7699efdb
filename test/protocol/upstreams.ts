/**
 * Servers behind the proxy that look closer than the stub of the harness: at the bytes of a body, at trailers, at
 * upgrades. Each is one service.
 */

import { createHash } from "node:crypto";
import http from "node:http";
import http2 from "node:http2";
import type net from "node:net";
import type { Readable } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { KEPT_CONNECTIONS } from "../harness/kept-connections.ts";

/** A request as it arrived; added when its headers are there. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: http.IncomingHttpHeaders;
  /** By the clock of `performance.now()`. */
  readonly at: number;
  /** What arrived so far, hex. */
  readonly sha256: string;
  readonly bytes: number;
  readonly trailers: Readonly<Record<string, string | string[] | undefined>>;
  /** `cut` is a request that ended before it was whole. */
  readonly state: "arriving" | "whole" | "cut";
}

export interface ProtocolUpstream {
  readonly port: number;
  readonly received: readonly Received[];
  reset(): void;
  close(): Promise<void>;
}

/** HTTP/1.1 and WebSocket. It answers with its name and what it received, and sends messages back as they came. */
export async function startHttp1Upstream(name: string): Promise<ProtocolUpstream> {
  const received: Received[] = [];
  const server = http.createServer(KEPT_CONNECTIONS, (request, response) => {
    const one = note(received, request.method, request.url, request.headers.host, request.headers);
    follow(
      request,
      one,
      (trailers) => {
        Object.assign(one, { trailers });
        const status = Number(request.headers["x-answer-status"] ?? 200);
        response.writeHead(status, { "x-service": name }).end(JSON.stringify(one));
      },
      () => request.trailers,
    );
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 16 << 20 });
  server.on("upgrade", (request, socket, head) => {
    Object.assign(note(received, request.method, request.url, request.headers.host, request.headers), {
      state: "whole",
    });
    if (request.headers["x-answer-status"] !== undefined) {
      const status = Number(request.headers["x-answer-status"]);
      socket.end(
        `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nx-service: ${name}\r\ncontent-length: 0\r\n\r\n`,
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
      webSocket.send(name);
      webSocket.on("message", (data, isBinary) => webSocket.send(data, { binary: isBinary }));
      webSocket.on("error", () => {});
    });
  });
  return listen(server, received);
}

/** Cleartext HTTP/2, with trailers after every answer. */
export async function startHttp2Upstream(name: string): Promise<ProtocolUpstream> {
  const received: Received[] = [];
  const server = http2.createServer();
  server.on("stream", (stream, headers) => {
    const one = note(received, headers[":method"], headers[":path"], headers[":authority"], headers);
    stream.on("error", () => {});
    let trailers: http2.IncomingHttpHeaders = {};
    stream.on("trailers", (fields) => {
      trailers = fields;
    });
    follow(
      stream,
      one,
      () => {
        Object.assign(one, { trailers });
        stream.respond(
          { ":status": Number(headers["x-answer-status"] ?? 200), "x-service": name },
          { waitForTrailers: true },
        );
        stream.on("wantTrailers", () => stream.sendTrailers({ "x-end": `of ${name}` }));
        stream.end(JSON.stringify(one));
      },
      () => trailers,
    );
  });
  return listen(server, received);
}

function note(
  received: Received[],
  method = "",
  path = "",
  host = "",
  headers: http.IncomingHttpHeaders = {},
): Received {
  const one: Received = {
    method,
    path,
    host,
    headers,
    at: performance.now(),
    sha256: sha256(Buffer.alloc(0)),
    bytes: 0,
    trailers: {},
    state: "arriving",
  };
  received.push(one);
  return one;
}

/** Keeps the note up to date while the body arrives. */
function follow(
  stream: Readable,
  one: Received,
  done: (trailers: Received["trailers"]) => void,
  trailers: () => Received["trailers"],
): void {
  const hash = createHash("sha256");
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    hash.update(chunk);
    bytes += chunk.length;
    Object.assign(one, { bytes, sha256: hash.copy().digest("hex") });
  });
  stream.on("error", () => {});
  stream.on("end", () => {
    Object.assign(one, { state: "whole" });
    done(trailers());
  });
  stream.on("close", () => {
    if (one.state === "arriving") {
      Object.assign(one, { state: "cut" });
    }
  });
}

export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function listen(server: net.Server, received: Received[]): Promise<ProtocolUpstream> {
  const open = new Set<net.Socket>();
  server.on("connection", (socket: net.Socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as net.AddressInfo).port,
    received,
    reset: () => {
      received.length = 0;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) {
        socket.destroy();
      }
      await closed;
    },
  };
}
