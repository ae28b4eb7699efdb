/** How Envoy words an answer that it gives itself, for the filter or for a route. */

import { type ErrorPage, errorPageBody, errorPageFor } from "../../ir/error-page.ts";
import type { HeaderLine } from "../request/wire.ts";
import { headerOf, setHeader } from "./headers.ts";
import { mergedLines } from "./one-line.ts";

export interface Answer {
  readonly status: number;
  readonly headers: readonly HeaderLine[];
  readonly body: string;
}

export function localReply(
  request: readonly HeaderLine[],
  answer: Answer & { readonly grpcStatus?: number },
  pages: readonly ErrorPage[] = [],
): Answer {
  const { grpcStatus } = answer;
  const { status, body, headers } = withErrorPage(request, answer, pages);
  if (isGrpc(request)) {
    return {
      status: 200,
      headers: [
        ...headers.filter(([name]) => name !== "content-type"),
        ["content-type", "application/grpc"],
        ["grpc-status", String(grpcStatus ?? grpcStatusOf(status))],
        ...(body === "" ? [] : ([["grpc-message", percentEncoded(body)]] as HeaderLine[])),
      ],
      body: "",
    };
  }
  // What is empty has no type, whatever a rule says.
  const type = headerOf(headers, "content-type") ?? "text/plain";
  const untyped = headers.filter(([name]) => name !== "content-type");
  return {
    status,
    headers: body === "" ? untyped : [...untyped, ["content-type", type]],
    body: headerOf(request, ":method") === "HEAD" ? "" : body,
  };
}

/** What the listener says in place of Envoy's own words; to clients of gRPC nothing. */
export function withErrorPage(
  request: readonly HeaderLine[],
  answer: Answer,
  pages: readonly ErrorPage[],
): Answer {
  const headers = mergedLines(answer.headers);
  const page = errorPageFor(pages, answer.status);
  if (page === undefined || headerOf(request, "content-type")?.startsWith("application/grpc")) {
    return { ...answer, headers };
  }
  return {
    status: answer.status,
    headers: setHeader(headers, "content-type", page.contentType),
    body: errorPageBody(page, answer.status),
  };
}

/** As gRPC writes messages into a header. */
function percentEncoded(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) =>
      byte < 0x20 || byte > 0x7e || byte === 0x25
        ? `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
        : String.fromCharCode(byte),
    )
    .join("");
}

export function isGrpc(request: readonly HeaderLine[]): boolean {
  return /^application\/grpc(?:\+|$)/.test(headerOf(request, "content-type") ?? "");
}

/** Envoy's `httpToGrpcStatus`. */
function grpcStatusOf(status: number): number {
  const known: Readonly<Record<number, number>> = {
    400: 13,
    401: 16,
    403: 7,
    404: 12,
    429: 14,
    502: 14,
    503: 14,
    504: 14,
  };
  return known[status] ?? 2;
}
