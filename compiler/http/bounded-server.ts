/**
 * What our HTTP servers have in common below their answers: how they listen, and what a client can cost. The size of what it
 * sends is bounded, how long it may take, and how many there are.
 */

import type { Server } from "node:http";
import type https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { EnvironmentError } from "../platform/error.ts";
import { removeStaleSocket } from "../platform/stale-socket.ts";

export type AnyServer = Server | https.Server;

export interface ListenOptions {
  /** An IP address, or `unix:` and a path. */
  readonly host: string;
  /** 0 is any free one; absent for a Unix socket. */
  readonly port?: number | undefined;
  /** What for, in the message of a failure: `HTTP`. */
  readonly what: string;
  /** Told of what goes wrong later, such as that there are no more file descriptors: who is there is served on. */
  readonly onProblem: (line: string) => void;
}

/** Milliseconds in which a whole request has to come. */
const REQUEST_TIMEOUT_MS = 10_000;
/** Of a connection that says nothing, and between two signs of life on one that only listens. */
export const KEEP_ALIVE_MS = 15_000;
/** Of a client that neither sends nor reads; longer than anybody may wait for an answer. */
const IDLE_MS = 90_000;
const MOST_CONNECTIONS = 512;

/** For `createServer`. */
export const SERVER_LIMITS = {
  requestTimeout: REQUEST_TIMEOUT_MS,
  headersTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
  maxHeaderSize: 32 * 1024,
} as const;

/** Bounds connections, and answers what is not HTTP. */
export function boundServer(server: AnyServer): void {
  server.maxConnections = MOST_CONNECTIONS;
  server.timeout = IDLE_MS;
  server.on("clientError", refuseBroken);
}

/** Resolves with the port, 0 for a Unix socket. Throws an `EnvironmentError` with the reason as its cause. */
export async function listenOn(
  server: AnyServer,
  { host, port, what, onProblem }: ListenOptions,
): Promise<number> {
  const socket = port === undefined ? host.slice("unix:".length) : undefined;
  if (socket !== undefined) {
    await removeStaleSocket(socket);
  }
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      const where = port === undefined ? host : `${host}:${port}`;
      reject(
        new EnvironmentError(`cannot listen on ${where} for ${what}: ${error.message}`, [], { cause: error }),
      );
    };
    server.once("error", fail);
    const listening = () => {
      server.off("error", fail);
      server.on("error", (error) => onProblem(`a client could not ask over HTTP: ${error.message}`));
      const address = server.address() as AddressInfo | string;
      resolve(typeof address === "string" ? 0 : address.port);
    };
    if (socket !== undefined) {
      server.listen(socket, listening);
    } else {
      server.listen(port, host, listening);
    }
  });
}

/** Ends what is being answered, too. */
export function closeServer(server: AnyServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** What is not HTTP gets a line, where somebody could still read it. */
function refuseBroken(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status =
    error.code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : "400 Bad Request";
  const body = JSON.stringify({
    error: { code: "bad_request", message: "this is not a valid HTTP request" },
  });
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
}
