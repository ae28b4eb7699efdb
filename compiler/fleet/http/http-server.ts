/**
 * The HTTP interface of a fleet: health, metrics, and an API that its own description describes. Every error is JSON, and what a
 * client can cost is bounded: the size of what it sends, how long it may take, and how many there are.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import { bodyOf, send, sendError, sendJson, urlOf } from "../../http/answer.ts";
import {
  type AnyServer,
  boundServer,
  closeServer,
  listenOn,
  SERVER_LIMITS,
} from "../../http/bounded-server.ts";
import { EventStreams, type StreamedEvent } from "../../http/event-streams.ts";
import { HttpError } from "../../http/http-error.ts";
import type { Identity } from "../identity/identity.ts";
import { isLocal, type ListenAddress } from "../identity/listening.ts";
import { bearerToken } from "../identity/tokens.ts";
import { FleetControlError } from "../model/fleet-control.ts";
import type { Answering, Question, Reply } from "./endpoint.ts";
import { checkAccess, checkHost, mayRead } from "./guard.ts";
import { findEndpoint, readBody, readQuery } from "./read-question.ts";

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

/** Throws an `EnvironmentError` when the address cannot be listened on. */
export async function startFleetHttp(options: FleetHttpOptions): Promise<FleetHttpServer> {
  const { listen, identity, onProblem } = options;
  const certificate = identity.certificate;
  const secure =
    certificate === undefined || isLocal(listen)
      ? undefined
      : https.createServer({ ...SERVER_LIMITS, cert: certificate.certificate, key: certificate.key });
  const server: AnyServer = secure ?? createServer(SERVER_LIMITS);
  boundServer(server);
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
  const port = await listenOn(server, { ...listen, what: "HTTP", onProblem });
  return {
    port,
    async close() {
      closing.abort();
      await closeServer(server);
    },
  };
}

class Front {
  readonly #options: FleetHttpOptions;
  readonly #closing: AbortSignal;
  readonly #isLocal: boolean;
  readonly #streams = new EventStreams();

  constructor(options: FleetHttpOptions, closing: AbortSignal) {
    this.#options = options;
    this.#closing = closing;
    this.#isLocal = isLocal(options.listen);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#send(request, response, await this.#replyTo(request, response));
    } catch (error) {
      sendError(request, response, this.#failureOf(error));
    }
  }

  async #replyTo(request: IncomingMessage, response: ServerResponse): Promise<Reply> {
    const { identity, names = [] } = this.#options;
    if (this.#options.listen.port !== undefined) {
      checkHost(request.headers.host, names);
    }
    const url = urlOf(request.url ?? "");
    const { endpoint, path } = findEndpoint(request.method ?? "", url.pathname);
    const token = bearerToken(request.headers.authorization);
    checkAccess(endpoint.access, token, this.#isLocal, identity);
    const { query, lists } = readQuery(endpoint, url.searchParams);
    const body = readBody(endpoint, request.headers["content-type"], await bodyOf(request));
    const left = new AbortController();
    response.once("close", () => left.abort());
    const last = request.headers["last-event-id"];
    const question: Question = {
      path,
      query,
      lists,
      body,
      mayRead: mayRead(token, this.#isLocal, identity),
      ...(typeof last === "string" && /^\d{1,15}$/.test(last) && { lastEvent: Number(last) }),
      signal: AbortSignal.any([left.signal, this.#closing]),
    };
    return endpoint.answer(question, this.#options);
  }

  async #send(request: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
    if ("events" in reply) {
      this.#stream(request, response, reply.events.after);
    } else if ("stream" in reply) {
      await this.#pass(request, response, reply.stream);
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
    let stop = () => {};
    const stream = this.#streams.open(response, () => stop());
    stop = this.#options.feed.listen((event) => stream.tell(event), after);
  }

  async #pass(
    request: IncomingMessage,
    response: ServerResponse,
    events: AsyncIterable<StreamedEvent>,
  ): Promise<void> {
    if (request.method === "HEAD") {
      send(request, response, 200, "text/event-stream", "");
      return;
    }
    // What comes ends with the connection: whoever gives it has the question's signal.
    const stream = this.#streams.open(response, () => {});
    for await (const event of events) {
      stream.tell(event);
    }
    stream.end();
  }

  #failureOf(error: unknown): HttpError {
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
