/**
 * What the services of the demo have in common: a server on a free port of the loopback address, a header that
 * tells who answered, and three paths on which any of them can be made to misbehave:
 *
 *     /slow?ms=3000   answers after that time
 *     /flaky          answers 503 to the first try of each request, 200 to the second
 *     /status/503     answers with that status
 */

import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";

export interface Identity {
  readonly app: string;
  readonly version: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: http.OutgoingHttpHeaders;
  /** Sent as JSON unless it is a string. */
  readonly body: unknown;
}

/** Answers a request; `undefined` is answered 404. */
export type Handler = (
  url: URL,
  request: http.IncomingMessage,
) => Promise<Reply | undefined> | Reply | undefined;

export interface Service extends Identity {
  readonly port: number;
  /** What has arrived since the service started; tries of one request count each. */
  readonly seen: { requests: number; atOnce: number; mostAtOnce: number };
  close(): Promise<void>;
}

const LONGEST_WAIT_MS = 60_000;
/** Requests of which a first try was refused and no second has come yet; the oldest are forgotten. */
const WAITING_REQUESTS_KEPT = 1_000;

export interface Place {
  readonly address: string;
  readonly port: number;
}

const LOOPBACK: Place = { address: "127.0.0.1", port: 0 };

export interface ServiceOptions extends Identity {
  readonly at?: Place | undefined;
  /** In PEM; with it the service speaks HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/** Listens on a free port of this machine unless told where. */
export async function startService(
  { at = LOOPBACK, tls, ...identity }: ServiceOptions,
  handler: Handler,
): Promise<Service> {
  const seen = { requests: 0, atOnce: 0, mostAtOnce: 0 };
  const misbehave = misbehaviour();
  const answer: http.RequestListener = (request, response) => {
    seen.requests += 1;
    seen.atOnce += 1;
    seen.mostAtOnce = Math.max(seen.mostAtOnce, seen.atOnce);
    response.on("close", () => {
      seen.atOnce -= 1;
    });
    request.resume();
    respond(request, response).catch(() => response.destroy());
  };
  const respond = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    // The path alone: what stands in `Host` must not be able to make this throw.
    const url = new URL(`http://service${request.url?.startsWith("/") ? request.url : "/"}`);
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const reply = (await misbehave(url, request, gone.signal)) ??
      (await handler(url, request)) ?? { status: 404, body: { error: "no such path" } };
    if (response.destroyed) {
      return;
    }
    const isText = typeof reply.body === "string";
    const text = isText ? (reply.body as string) : `${JSON.stringify(reply.body)}\n`;
    response.writeHead(reply.status ?? 200, {
      "content-type": isText ? "text/html; charset=utf-8" : "application/json",
      "content-length": Buffer.byteLength(text),
      "x-served-by": `${identity.app}-${identity.version}`,
      ...reply.headers,
    });
    response.end(text);
  };
  const server = tls === undefined ? http.createServer(answer) : https.createServer(tls, answer);
  // Longer than the proxy keeps an idle connection in use, so that the proxy is the one that closes it.
  server.keepAliveTimeout = 3_600_000;
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject);
    server.listen(at.port, at.address, resolve);
  });
  return {
    ...identity,
    port: (server.address() as AddressInfo).port,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function misbehaviour() {
  const triedOnce = new Set<string>();
  return async (url: URL, request: http.IncomingMessage, gone: AbortSignal): Promise<Reply | undefined> => {
    if (url.pathname === "/slow") {
      const ms = Math.min(Math.max(Number(url.searchParams.get("ms") ?? 3000) || 0, 0), LONGEST_WAIT_MS);
      await wait(ms, gone);
      return { body: { waitedMs: ms } };
    }
    if (url.pathname === "/flaky") {
      // All tries of a request carry the same id, which the proxy gave it.
      const id = String(request.headers["x-request-id"] ?? "");
      if (triedOnce.delete(id)) {
        return { body: { tries: 2 }, headers: { "x-tries": "2" } };
      }
      triedOnce.add(id);
      if (triedOnce.size > WAITING_REQUESTS_KEPT) {
        triedOnce.delete(triedOnce.values().next().value!);
      }
      return { status: 503, body: { error: "try again", tries: 1 }, headers: { "x-tries": "1" } };
    }
    const status = /^\/status\/([2-5]\d\d)$/.exec(url.pathname)?.[1];
    return status === undefined ? undefined : { status: Number(status), body: { status: Number(status) } };
  };
}

function wait(ms: number, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    gone.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
