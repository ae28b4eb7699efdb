/**
 * The door of a running session: HTTP over a Unix socket that only this user can open, by which `sluice top` and `sluice tap`
 * attach. It costs nothing until somebody comes. What can be asked is given as routes; this file knows none.
 */

import { chmod, readdir, rm, rmdir, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import path from "node:path";
import { printable } from "../../diagnostics/render/printable.ts";
import { bodyOf, HEADERS, sendError, sendJson, urlOf } from "../../http/answer.ts";
import { boundServer, SERVER_LIMITS } from "../../http/bounded-server.ts";
import { HttpError } from "../../http/http-error.ts";
import { EnvironmentError } from "../../platform/error.ts";
import { removeStaleSocket } from "../../platform/stale-socket.ts";
import type { DoorRoute } from "./route.ts";
import { ownFolder, runFolders } from "./run-folders.ts";

export interface DoorOptions {
  readonly routes: readonly DoorRoute[];
  /** Where the socket may be; see `runFolders`. */
  readonly folders?: readonly string[];
  /** Told of what is a mistake of ours. */
  readonly onProblem: (line: string) => void;
}

/** Sessions of one process. */
const MOST_NAMES = 100;
const MOST_CONNECTIONS = 64;
/** For the last words of what is being answered. */
const GRACE_MS = 500;
/** Within which whoever has made a socket listens on it. */
const NEW_MS = 5_000;

export class Door {
  /** The path of its socket. */
  readonly socket: string;
  readonly #server: Server;
  readonly #routes: readonly DoorRoute[];
  readonly #onProblem: (line: string) => void;
  readonly #closing = new AbortController();

  private constructor(socket: string, server: Server, { routes, onProblem }: DoorOptions) {
    this.socket = socket;
    this.#server = server;
    this.#routes = routes;
    this.#onProblem = onProblem;
    server.on("request", (request, response) => void this.#answer(request, response));
    // Such as when there are no more file descriptors: what is served goes on.
    server.on("error", (error) => onProblem(`a client could not connect to ${socket}: ${error.message}`));
  }

  /** Throws an `EnvironmentError` where there is no folder for its socket. Sockets that runs left behind are removed. */
  static async open(options: DoorOptions): Promise<Door> {
    const folder = await ownFolder(options.folders ?? runFolders());
    await sweep(folder);
    const server = createServer(SERVER_LIMITS);
    boundServer(server);
    // A stream is silent for as long as nothing happens.
    server.timeout = 0;
    server.maxConnections = MOST_CONNECTIONS;
    const socket = await listen(server, folder);
    await chmod(socket, 0o600);
    // What is asked is no reason to go on for a program that is otherwise done.
    server.unref();
    return new Door(socket, server, options);
  }

  /** Ends what is being answered, and removes the socket. Safe to call again. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) {
      return;
    }
    this.#closing.abort();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
      // Whoever does not read what it was sent.
      setTimeout(() => this.#server.closeAllConnections(), GRACE_MS).unref();
    });
    await rm(this.socket, { force: true });
    // The folder stays for as long as another session has a socket there.
    await rmdir(path.dirname(this.socket)).catch(() => {});
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const left = new AbortController();
    response.once("close", () => left.abort());
    const signal = AbortSignal.any([left.signal, this.#closing.signal]);
    try {
      const { route, query } = this.#find(request);
      const body = jsonOf(await bodyOf(request));
      const answer = await route.answer({ query, body, signal });
      if ("json" in answer) {
        sendJson(request, response, 200, answer.json);
      } else {
        await sendLines(response, answer.lines, signal);
      }
    } catch (error) {
      if (!left.signal.aborted) {
        sendError(request, response, this.#failureOf(error));
      }
    }
  }

  #find(request: IncomingMessage): { readonly route: DoorRoute; readonly query: URLSearchParams } {
    const { pathname, searchParams: query } = urlOf(request.url ?? "");
    const there = this.#routes.filter(({ path }) => path === pathname);
    const route = there.find(({ method }) => method === request.method);
    if (route === undefined) {
      throw there.length === 0
        ? new HttpError(404, `this run of Sluice does not know ${printable(pathname.slice(0, 100))}`)
        : new HttpError(405, `${pathname} wants ${there.map(({ method }) => method).join(" or ")}`);
    }
    return { route, query };
  }

  #failureOf(error: unknown): HttpError {
    if (error instanceof HttpError) {
      return error;
    }
    this.#onProblem(`this is a bug in Sluice: ${(error as Error)?.stack ?? error}`);
    return new HttpError(500, "this is a bug in Sluice; what the run prints says more");
  }
}

/** Sockets of runs that were killed. One that was just made may not be listened on yet. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    const made = await stat(file).catch(() => undefined);
    if (name.endsWith(".sock") && made !== undefined && Date.now() - made.mtimeMs > NEW_MS) {
      await removeStaleSocket(file);
    }
  }
}

/** Of several sessions of a process each has a number; the same id of a process may also be in use in another container. */
async function listen(server: Server, folder: string): Promise<string> {
  for (let i = 1; i <= MOST_NAMES; i++) {
    const socket = path.join(folder, `${process.pid}${i === 1 ? "" : `-${i}`}.sock`);
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once("error", resolve);
      server.listen(socket, () => {
        server.off("error", resolve);
        resolve(undefined);
      });
    });
    if (error === undefined) {
      return socket;
    }
    if (error.code !== "EADDRINUSE") {
      throw new EnvironmentError(`cannot listen on ${socket}: ${error.message}`);
    }
  }
  throw new EnvironmentError(`${folder} has ${MOST_NAMES} sockets of this process already`);
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return body.length === 0 ? undefined : JSON.parse(Buffer.from(body).toString());
  } catch {
    throw new HttpError(400, "the body is not JSON");
  }
}

async function sendLines(
  response: ServerResponse,
  lines: AsyncIterable<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const type = "application/x-ndjson; charset=utf-8";
  response.writeHead(200, { ...HEADERS, "content-type": type, connection: "close" });
  response.flushHeaders();
  for await (const value of lines) {
    if (signal.aborted) {
      break;
    }
    if (!response.write(`${JSON.stringify(value)}\n`)) {
      await drained(response, signal);
    }
  }
  response.end();
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    response.once("drain", done);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) {
      done();
    }
  });
}
