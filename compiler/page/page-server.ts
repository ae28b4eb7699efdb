/** Serves a page to browsers of this machine: who may ask, and what every answer has. What is answered is in the routes. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { send, sendError, urlOf } from "../http/answer.ts";
import { boundServer, closeServer, listenOn, SERVER_LIMITS } from "../http/bounded-server.ts";
import { HttpError } from "../http/http-error.ts";
import { formatSocket } from "../ir/sockets.ts";
import { EnvironmentError } from "../platform/error.ts";
import type { Asset } from "./assets.ts";
import { PageGuard, SECURITY_HEADERS } from "./guard.ts";
import type { PageListen } from "./page-listen.ts";
import { PageRoutes } from "./page-routes.ts";
import type { PageSource } from "./page-source.ts";

export interface PageServerOptions {
  readonly source: PageSource;
  readonly listen: PageListen;
  /** What it is made of: `readAssets()`. */
  readonly assets: ReadonlyMap<string, Asset>;
  /** Told, in a line, of what is a mistake of ours. */
  readonly onProblem: (line: string) => void;
}

/** Milliseconds that a browser has for the last event. */
const GRACE_MS = 500;

export class PageServer {
  /** With the token that lets a browser in. */
  readonly url: string;
  readonly #server: ReturnType<typeof createServer>;
  readonly #guard: PageGuard;
  readonly #routes: PageRoutes;
  readonly #onProblem: (line: string) => void;

  private constructor(
    server: ReturnType<typeof createServer>,
    address: string,
    port: number,
    { source, assets, onProblem }: PageServerOptions,
  ) {
    const isAny = address === "0.0.0.0" || address === "::";
    this.#guard = new PageGuard(isAny ? "any" : address, port);
    this.#routes = new PageRoutes({ source, assets, headers: SECURITY_HEADERS });
    this.#server = server;
    this.#onProblem = onProblem;
    this.url = `http://${formatSocket(isAny ? "127.0.0.1" : address, port)}/?t=${this.#guard.token}`;
    server.on("request", (request, response) => void this.#answer(request, response));
  }

  /** Throws an `EnvironmentError` when the port cannot be had. */
  static async open(options: PageServerOptions): Promise<PageServer> {
    const { listen, onProblem } = options;
    const server = createServer(SERVER_LIMITS);
    boundServer(server);
    const bound = await listenOnFirst(server, listen, onProblem);
    return new PageServer(server, listen.address, bound, options);
  }

  /** Whoever looks is told what was told last, and then no more. Safe to call again. */
  async close(): Promise<void> {
    this.#routes.end();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
      setTimeout(() => void closeServer(this.#server), GRACE_MS).unref();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      this.#guard.checkOrigin(request);
      const url = urlOf(request.url ?? "");
      const token = url.searchParams.get("t");
      if (url.pathname === "/" && token !== null) {
        const cookie = this.#guard.admit(token);
        // The address bar, and what is copied from it, does not have the token.
        const headers = { ...SECURITY_HEADERS, "set-cookie": cookie, location: "/" };
        send(request, response, 303, "text/plain; charset=utf-8", "", headers);
        return;
      }
      this.#guard.checkCookie(request.headers);
      await this.#routes.answer(request, response, url);
    } catch (error) {
      sendError(request, response, this.#failureOf(error), SECURITY_HEADERS);
    }
  }

  #failureOf(error: unknown): HttpError {
    if (error instanceof HttpError) {
      return error;
    }
    this.#onProblem(`this is a bug in Sluice: ${(error as Error)?.stack ?? error}`);
    return new HttpError(500, "this is a bug in Sluice; what the run prints says more");
  }
}

async function listenOnFirst(
  server: ReturnType<typeof createServer>,
  { address, ports }: PageListen,
  onProblem: (line: string) => void,
): Promise<number> {
  for (const port of ports.slice(0, -1)) {
    try {
      return await listenOn(server, { host: address, port, what: "the page", onProblem });
    } catch (error) {
      if (!isTaken(error)) {
        throw error;
      }
    }
  }
  try {
    return await listenOn(server, { host: address, port: ports.at(-1), what: "the page", onProblem });
  } catch (error) {
    if (!isTaken(error)) {
      throw error;
    }
    const how = ports.length > 1 ? "use --page=PORT" : "use another port, or --page alone, which finds one";
    throw new EnvironmentError((error as Error).message, [how], { cause: error });
  }
}

function isTaken(error: unknown): boolean {
  return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === "EADDRINUSE";
}
