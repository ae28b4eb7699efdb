/** How a request is read and an answer written: bodies of a bounded size, errors as JSON, nothing kept or guessed by a browser. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { printable } from "../diagnostics/render/printable.ts";
import { readStreamAtMost, TooLargeError } from "../source/bounded.ts";
import { HttpError } from "./http-error.ts";

export type Headers = Readonly<Record<string, string>>;

/** Bytes of a body. */
export const LARGEST_BODY = 64 * 1024;

/** What every answer has. */
export const HEADERS: Headers = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

/** The target of a request. Throws an `HttpError`. */
export function urlOf(target: string): URL {
  try {
    // Only a path is meant for this server; a whole URL is for a proxy.
    return new URL(target.startsWith("/") ? `http://server${target}` : "");
  } catch {
    throw new HttpError(400, `${JSON.stringify(printable(target.slice(0, 100)))} is not a valid path`);
  }
}

/** Throws an `HttpError` for more than `LARGEST_BODY`. */
export async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
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

export function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Headers = {},
): void {
  send(request, response, status, "application/json; charset=utf-8", `${JSON.stringify(value)}\n`, headers);
}

/** For whoever asked what cannot be answered. */
export function sendError(
  request: IncomingMessage,
  response: ServerResponse,
  { status, code, message, headers }: HttpError,
  more: Headers = {},
): void {
  // What was not read of a body would be taken for the next request.
  const close: Headers = request.complete ? {} : { connection: "close" };
  sendJson(request, response, status, { error: { code, message } }, { ...more, ...headers, ...close });
}

export function send(
  { method }: IncomingMessage,
  response: ServerResponse,
  status: number,
  type: string,
  content: string | Uint8Array,
  headers: Headers = {},
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const bytes = Buffer.from(content);
  response.writeHead(status, {
    ...HEADERS,
    "content-type": type,
    "content-length": bytes.length,
    ...headers,
  });
  response.end(method === "HEAD" ? undefined : bytes);
}
