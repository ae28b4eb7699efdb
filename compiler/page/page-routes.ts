/**
 * Answers what a page asks, of any source: its files, `api.ts`, and the stream of events. Whether somebody may ask at all is for the
 * server to know that these routes hang on. A GET changes nothing.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { bodyOf, type Headers, send, sendJson } from "../http/answer.ts";
import { type EventStream, EventStreams } from "../http/event-streams.ts";
import { HttpError } from "../http/http-error.ts";
import type { Asset } from "./assets.ts";
import type { PageSource } from "./page-source.ts";
import { numberIn, readExplainQuestion, readFleetChange, readTapQuestion } from "./questions.ts";

export interface PageRoutesOptions {
  readonly source: PageSource;
  readonly assets: ReadonlyMap<string, Asset>;
  /** What every answer has. */
  readonly headers: Headers;
}

type Get = (query: URLSearchParams) => unknown;
type Post = (body: unknown) => unknown;

export class PageRoutes {
  readonly #options: PageRoutesOptions;
  readonly #streams = new EventStreams();
  readonly #open = new Set<EventStream>();
  readonly #gets: Readonly<Record<string, Get>>;
  readonly #posts: Readonly<Record<string, Post>>;

  constructor(options: PageRoutesOptions) {
    this.#options = options;
    const { source } = options;
    const { fleet } = source;
    this.#gets = {
      ...(fleet && { "/api/fleet": () => fleet.view() }),
      "/api/rules": () => source.rules(),
      "/api/lines": (query) =>
        source.lines(numberIn(query, "file"), numberIn(query, "from"), numberIn(query, "to")),
      "/api/history": (query) => source.history(query.get("rule") ?? "", query.get("match") ?? undefined),
    };
    this.#posts = {
      ...(fleet && {
        "/api/fleet": (body: unknown) => {
          fleet.change(readFleetChange(body));
          return {};
        },
      }),
      "/api/explain": (body) => source.explain(readExplainQuestion(body)),
      "/api/tap": (body) => source.tap(readTapQuestion(body)),
      "/api/apply": async () => {
        await source.apply();
        return {};
      },
    };
  }

  /** Throws an `HttpError` for what is not here. */
  async answer(
    request: IncomingMessage,
    response: ServerResponse,
    { pathname, searchParams }: URL,
  ): Promise<void> {
    const { assets, headers } = this.#options;
    if (request.method === "POST") {
      const post = this.#handler(this.#posts, pathname);
      sendJson(request, response, 200, await post(await jsonOf(request)), headers);
      return;
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new HttpError(405, "use GET or POST", { allow: "GET, HEAD, POST" });
    }
    const asset = assets.get(pathname);
    if (asset !== undefined) {
      send(request, response, 200, asset.type, asset.content, headers);
    } else if (pathname === "/api/live") {
      this.#stream(request, response);
    } else {
      const get = this.#handler(this.#gets, pathname);
      sendJson(request, response, 200, await get(searchParams), headers);
    }
  }

  /** Ends every stream, after what was told. */
  end(): void {
    for (const stream of this.#open) {
      stream.end();
    }
  }

  #handler<T>(handlers: Readonly<Record<string, T>>, pathname: string): T {
    if (Object.hasOwn(handlers, pathname)) {
      return handlers[pathname]!;
    }
    const isOther = [this.#gets, this.#posts].some((others) => Object.hasOwn(others, pathname));
    throw isOther
      ? new HttpError(405, `${pathname} takes ${Object.hasOwn(this.#posts, pathname) ? "POST" : "GET"}`)
      : new HttpError(404, "there is nothing here");
  }

  #stream(request: IncomingMessage, response: ServerResponse): void {
    const { source, headers } = this.#options;
    if (request.method === "HEAD") {
      send(request, response, 200, "text/event-stream", "", headers);
      return;
    }
    let stop = () => {};
    const stream = this.#streams.open(
      response,
      () => {
        this.#open.delete(stream);
        stop();
      },
      headers,
    );
    this.#open.add(stream);
    const last = request.headers["last-event-id"];
    stop = source.listen((event) => stream.tell(event), typeof last === "string" ? last : undefined);
  }
}

/** Only JSON that says so, which no form of another site can send. Throws an `HttpError`. */
async function jsonOf(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers["content-type"] ?? "")) {
    throw new HttpError(415, "the body must be JSON, and say so: content-type: application/json");
  }
  const bytes = await bodyOf(request);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new HttpError(400, "the body is not valid JSON");
  }
}
