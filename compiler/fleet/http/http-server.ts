/**
 * The HTTP interface of a fleet: health, metrics, and an API that its own description describes. Every error is JSON, and what a
 * client can cost is bounded: the size of what it sends, how long it may take, and how many there are.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { printable } from "../../diagnostics/render/printable.ts";
import { EnvironmentError } from "../../platform/error.ts";
import { removeStaleSocket } from "../../platform/stale-socket.ts";
import { readStreamAtMost, TooLargeError } from "../../source/bounded.ts";
import type { Identity } from "../identity/identity.ts";
import { isLocal, type ListenAddress } from "../identity/listening.ts";
import { bearerToken } from "../identity/tokens.ts";
import { FleetControlError } from "../model/fleet-control.ts";
import { type Answering, HttpError, type Question, type Reply } from "./endpoint.ts";
import { checkAccess, checkHost } from "./guard.ts";
import { findEndpoint, LARGEST_BODY, readBody, readQuery } from "./read-question.ts";

export interface FleetHttpOptions extends Answering {
  readonly listen: ListenAddress;
  readonly identity: Identity;
  /** Names by which clients know the server, beside addresses and `localhost`. */
  readonly names?: readonly string[];
  /** Told of what is a mistake of ours. */
  readonly onProblem: (line: string) => void;
}

export interface FleetHttpServer {
  /** The one that it listens on; 0 for a Unix socket. */
  readonly port: number;
  close(): Promise<void>;
}

const MOST_CONNECTIONS = 512;
/** Of those that listen to events; each costs what happens. */
const MOST_LISTENERS = 64;
/** Milliseconds in which a whole request has to come. */
const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 15_000;
/** Of a client that neither sends nor reads; longer than anybody may wait for an answer. */
const IDLE_MS = 90_000;
/** Bytes that may wait for a client that does not read. */
const MOST_WAITING = 1 << 20;

/** Throws an `EnvironmentError` when the address cannot be listened on. */
export async function startFleetHttp(options: FleetHttpOptions): Promise<FleetHttpServer> {
  const { listen, identity } = options;
  const limits = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: 32 * 1024,
  };
  const certificate = identity.certificate;
  const secure =
    certificate === undefined || isLocal(listen)
      ? undefined
      : https.createServer({ ...limits, cert: certificate.certificate, key: certificate.key });
  const server: Server | https.Server = secure ?? createServer(limits);
  server.maxConnections = MOST_CONNECTIONS;
  server.timeout = IDLE_MS;
  if (secure !== undefined) {
    identity.onChange(() => {
      const { certificate: now } = identity;
      if (now !== undefined) {
        secure.setSecureContext({ cert: now.certificate, key: now.key });
      }
    });
  }
  const closing = new AbortController();
  const front = new Front(options, closing.signal);
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    void front.answer(request, response);
  });
  server.on("clientError", refuseBroken);
  const port = await open(server, listen, options.onProblem);
  return {
    port,
    async close() {
      closing.abort();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function open(
  server: Server | https.Server,
  { host, port }: ListenAddress,
  onProblem: (line: string) => void,
): Promise<number> {
  if (port === undefined) {
    await removeStaleSocket(host.slice("unix:".length));
  }
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      const where = port === undefined ? host : `${host}:${port}`;
      reject(new EnvironmentError(`cannot listen on ${where} for HTTP: ${error.message}`));
    };
    server.once("error", fail);
    const listening = () => {
      server.off("error", fail);
      // Such as when there are no more file descriptors: who is there is served on.
      server.on("error", (error) => onProblem(`a client could not ask over HTTP: ${error.message}`));
      const address = server.address() as AddressInfo | string;
      resolve(typeof address === "string" ? 0 : address.port);
    };
    if (port === undefined) {
      server.listen(host.slice("unix:".length), listening);
    } else {
      server.listen(port, host, listening);
    }
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

class Front {
  readonly #options: FleetHttpOptions;
  readonly #closing: AbortSignal;
  readonly #isLocal: boolean;
  #listeners = 0;

  constructor(options: FleetHttpOptions, closing: AbortSignal) {
    this.#options = options;
    this.#closing = closing;
    this.#isLocal = isLocal(options.listen);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      this.#send(request, response, await this.#replyTo(request, response));
    } catch (error) {
      const { status, code, message, headers } = this.#failureOf(error);
      // What was not read of a body would be taken for the next request.
      const close = request.complete ? {} : { connection: "close" };
      sendJson(request, response, status, { error: { code, message } }, { ...headers, ...close });
    }
  }

  async #replyTo(request: IncomingMessage, response: ServerResponse): Promise<Reply> {
    const { identity, names = [] } = this.#options;
    if (this.#options.listen.port !== undefined) {
      checkHost(request.headers.host, names);
    }
    const url = urlOf(request.url ?? "");
    const { endpoint, path } = findEndpoint(request.method ?? "", url.pathname);
    checkAccess(endpoint.access, bearerToken(request.headers.authorization), this.#isLocal, identity);
    const { query, lists } = readQuery(endpoint, url.searchParams);
    const body = readBody(endpoint, request.headers["content-type"], await bytesOf(request));
    const left = new AbortController();
    response.once("close", () => left.abort());
    const last = request.headers["last-event-id"];
    const question: Question = {
      path,
      query,
      lists,
      body,
      ...(typeof last === "string" && /^\d{1,15}$/.test(last) && { lastEvent: Number(last) }),
      signal: AbortSignal.any([left.signal, this.#closing]),
    };
    return endpoint.answer(question, this.#options);
  }

  #send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
    if ("events" in reply) {
      this.#stream(request, response, reply.events.after);
    } else if ("text" in reply) {
      send(request, response, 200, reply.type, reply.text);
    } else {
      sendJson(request, response, reply.status ?? 200, reply.json);
    }
  }

  #stream(request: IncomingMessage, response: ServerResponse, after: number | undefined): void {
    if (request.method === "HEAD") {
      send(request, response, 200, "text/event-stream", "");
      return;
    }
    if (this.#listeners >= MOST_LISTENERS) {
      throw new HttpError(503, `${MOST_LISTENERS} clients listen already`, { "retry-after": "5" });
    }
    this.#listeners++;
    response.writeHead(200, { ...HEADERS, "content-type": "text/event-stream" });
    response.flushHeaders();
    const write = (text: string) => {
      response.write(text);
      if (response.writableLength > MOST_WAITING) {
        response.destroy();
      }
    };
    const stop = this.#options.feed.listen(
      ({ id, kind, data }) => write(`id: ${id}\nevent: ${kind}\ndata: ${data}\n\n`),
      after,
    );
    // A comment now and then, so that whoever is between does not take the silence for an end.
    const alive = setInterval(() => write(":\n\n"), KEEP_ALIVE_MS);
    response.once("close", () => {
      this.#listeners--;
      clearInterval(alive);
      stop();
    });
  }

  #failureOf(error: unknown): Pick<HttpError, "status" | "code" | "message" | "headers"> {
    if (error instanceof HttpError) {
      return error;
    }
    if (error instanceof FleetControlError) {
      const status = ({ unknown: 404, conflict: 409, invalid: 400 } as const)[error.reason];
      return new HttpError(status, error.message);
    }
    this.#options.onProblem(`this is a bug in Sluice: ${(error as Error)?.stack ?? error}`);
    return new HttpError(500, "this is a bug in Sluice; the server's log has more");
  }
}

function urlOf(target: string): URL {
  try {
    // Only a path is meant for this server; a whole URL is for a proxy.
    return new URL(target.startsWith("/") ? `http://server${target}` : "");
  } catch {
    throw new HttpError(400, `${JSON.stringify(printable(target.slice(0, 100)))} is not a valid path`);
  }
}

async function bytesOf(request: IncomingMessage): Promise<Uint8Array> {
  const tooLarge = new HttpError(413, `the body may have at most ${LARGEST_BODY} bytes`);
  if (Number(request.headers["content-length"]) > LARGEST_BODY) {
    throw tooLarge;
  }
  try {
    return await readStreamAtMost(request, LARGEST_BODY);
  } catch (error) {
    throw error instanceof TooLargeError ? tooLarge : error;
  }
}

const HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
} as const;

function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  send(request, response, status, "application/json; charset=utf-8", `${JSON.stringify(value)}\n`, headers);
}

function send(
  { method }: IncomingMessage,
  response: ServerResponse,
  status: number,
  type: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const bytes = Buffer.from(text);
  response.writeHead(status, {
    ...HEADERS,
    "content-type": type,
    "content-length": bytes.length,
    ...headers,
  });
  response.end(method === "HEAD" ? undefined : bytes);
}
