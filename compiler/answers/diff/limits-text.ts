/** What clients may cost a listener, and what it does to their headers and paths, for people who compare two of them. */

import type { HttpLimits } from "../../ir/connection-limits.ts";
import type { Listener } from "../../ir/ir.ts";

type Words = Readonly<Record<keyof Omit<HttpLimits, "http2">, string>>;

const TIMES: Partial<Words> = {
  handshakeTimeoutMs: "TLS handshake",
  requestHeadersTimeoutMs: "request headers",
  requestTimeoutMs: "whole request",
  streamIdleTimeoutMs: "silent stream",
  flushTimeoutMs: "unread response",
  maxStreamDurationMs: "request with its response",
  idleTimeoutMs: "idle connection",
  maxConnectionDurationMs: "connection",
  drainTimeoutMs: "draining",
};
const AMOUNTS: Partial<Words> = {
  bufferBytes: "buffer bytes",
  maxConnections: "connections",
  retriedBodyBytes: "body bytes kept for retries",
};
const HTTP2: Readonly<Record<keyof NonNullable<HttpLimits["http2"]>, string>> = {
  maxConcurrentStreams: "HTTP/2 streams",
  streamWindowBytes: "window bytes of a stream",
  connectionWindowBytes: "window bytes of a connection",
};

/** Undefined where there are none. */
export function limitsText({ limits }: Pick<Listener, "limits">): string | undefined {
  if (limits === undefined) {
    return undefined;
  }
  return [
    ...textsOf(TIMES, limits, (ms) => (ms === 0 ? "any time" : `${ms / 1000} s`)),
    ...textsOf(AMOUNTS, limits, String),
    ...textsOf(HTTP2, limits.http2 ?? {}, String),
  ].join(", ");
}

function textsOf<Field extends string>(
  words: Readonly<Partial<Record<Field, string>>>,
  values: Readonly<Partial<Record<Field, unknown>>>,
  show: (value: number) => string,
): string[] {
  return (Object.entries(words) as [Field, string][]).flatMap(([field, word]) => {
    const value = values[field];
    return typeof value === "number" ? [`${word}: ${show(value)}`] : [];
  });
}

/** In place of what the whole proxy does to paths. */
export function pathsText({ paths }: Pick<Listener, "paths">): string | undefined {
  if (paths === undefined) {
    return undefined;
  }
  const { escapedSlashes, mergesSlashes } = paths;
  return [
    ...(escapedSlashes === undefined ? [] : [`${escapedSlashes} escaped slashes`]),
    ...(mergesSlashes === undefined ? [] : [mergesSlashes ? "merge slashes" : "keep repeated slashes"]),
  ].join(", ");
}
