/**
 * The load: a fixed number of requests over a few connections that stay open, each of which has one request on its
 * way at a time. Raw sockets, because what an HTTP client does for a request takes longer than Envoy does.
 */

import net from "node:net";

export interface Load {
  readonly port: number;
  /** Sent by turns. */
  readonly requests: readonly Buffer[];
  readonly count: number;
  readonly connections: number;
  readonly timeoutMs: number;
  readonly expected: Answer;
  /** Sent at the start of each connection, before any request. */
  readonly opening?: string;
}

/** What every response has to be. */
export interface Answer {
  /** `HTTP/1.1 503`. */
  readonly start: string;
  /** Somewhere in it. */
  readonly containing?: string;
}

/** Sends all of it; throws when an answer is not what was expected, or when it takes too long. */
export function sendLoad(load: Load): Promise<void> {
  return new Promise((resolve, reject) => {
    const start = Buffer.from(load.expected.start);
    const { containing = "" } = load.expected;
    let sent = 0;
    let answered = 0;
    const sockets: net.Socket[] = [];
    const finish = (error?: Error) => {
      clearTimeout(timer);
      for (const socket of sockets) {
        socket.removeAllListeners();
        socket.on("error", () => {});
        socket.destroy();
      }
      if (error === undefined) {
        resolve();
      } else {
        reject(error);
      }
    };
    const timer = setTimeout(
      () => finish(new Error(`${answered} of ${load.count} requests within ${load.timeoutMs / 1000} s`)),
      load.timeoutMs,
    );
    for (let i = 0; i < load.connections; i++) {
      const socket = net.connect({ host: "127.0.0.1", port: load.port, noDelay: true });
      sockets.push(socket);
      const next = () => {
        if (sent < load.count) {
          socket.write(load.requests[sent % load.requests.length]!);
          sent += 1;
        }
      };
      const reader = new ResponseReader();
      socket.on("connect", () => {
        socket.write(load.opening ?? "");
        next();
      });
      socket.on("error", finish);
      socket.on("close", () => finish(new Error("Envoy closed a connection")));
      socket.on("data", (chunk) => {
        if (!reader.add(chunk)) {
          return;
        }
        const { response } = reader;
        if (start.compare(response, 0, start.length) !== 0 || !response.includes(containing)) {
          const wanted = [load.expected.start, containing].filter((text) => text !== "").join(" … ");
          finish(new Error(`expected ${wanted}, got ${response.toString("latin1", 0, 200)}`));
          return;
        }
        answered += 1;
        if (answered === load.count) {
          finish();
        } else {
          next();
        }
      });
    }
  });
}

/** Knows when a response is whole. */
class ResponseReader {
  response: Buffer = Buffer.alloc(0);
  #pending: Buffer = Buffer.alloc(0);

  /** True when `response` holds a whole one. */
  add(chunk: Buffer): boolean {
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const head = bytes.indexOf("\r\n\r\n");
    if (head < 0 || !isWhole(bytes, head)) {
      this.#pending = bytes;
      return false;
    }
    this.#pending = Buffer.alloc(0);
    this.response = bytes;
    return true;
  }
}

const LENGTH = Buffer.from("content-length: ");

/** A response that does not say its length comes in chunks, of which the last is empty (RFC 9112, 7.1). */
function isWhole(bytes: Buffer, head: number): boolean {
  const at = bytes.indexOf(LENGTH);
  if (at >= 0 && at < head) {
    return bytes.length >= head + 4 + numberAt(bytes, at + LENGTH.length, 10);
  }
  for (let chunk = head + 4; chunk < bytes.length; ) {
    const line = bytes.indexOf("\r\n", chunk);
    const size = line < 0 ? -1 : numberAt(bytes, chunk, 16);
    const end = line + 2 + size + 2;
    if (size <= 0) {
      return size === 0 && bytes.length >= end;
    }
    chunk = end;
  }
  return false;
}

/** The digits from there on. */
function numberAt(bytes: Buffer, from: number, base: 10 | 16): number {
  const [digits = ""] = /^[\da-f]*/i.exec(bytes.toString("latin1", from, from + 8)) ?? [];
  return Number.parseInt(digits, base);
}
