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
  /** Start of every response: `HTTP/1.1 503`. */
  readonly expected: string;
}

/** Sends all of it; throws when an answer is not what was expected, or when it takes too long. */
export function sendLoad(load: Load): Promise<void> {
  return new Promise((resolve, reject) => {
    const expected = Buffer.from(load.expected);
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
      socket.on("connect", next);
      socket.on("error", finish);
      socket.on("close", () => finish(new Error("Envoy closed a connection")));
      socket.on("data", (chunk) => {
        if (!reader.add(chunk)) {
          return;
        }
        if (expected.compare(reader.start, 0, expected.length) !== 0) {
          finish(new Error(`expected ${load.expected}, got ${reader.start.toString("latin1", 0, 200)}`));
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

/** Knows when a response is whole. Answers of one kind are alike, so the length of the last is tried first. */
class ResponseReader {
  start: Buffer = Buffer.alloc(0);
  #pending: Buffer = Buffer.alloc(0);

  /** True when `start` holds a whole response. */
  add(chunk: Buffer): boolean {
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const head = bytes.indexOf("\r\n\r\n");
    const length = head < 0 ? undefined : contentLength(bytes, head);
    if (length === undefined || bytes.length < head + 4 + length) {
      this.#pending = bytes;
      return false;
    }
    this.#pending = Buffer.alloc(0);
    this.start = bytes;
    return true;
  }
}

const LENGTH = Buffer.from("content-length: ");

function contentLength(bytes: Buffer, head: number): number | undefined {
  const at = bytes.indexOf(LENGTH);
  if (at < 0 || at > head) {
    return undefined;
  }
  let value = 0;
  for (let i = at + LENGTH.length; bytes[i]! >= 0x30 && bytes[i]! <= 0x39; i++) {
    value = value * 10 + bytes[i]! - 0x30;
  }
  return value;
}
