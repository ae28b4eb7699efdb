/**
 * What came of a request, as far as the targets must agree on it: what the client got, what the upstream saw, and
 * every copy of it. Where there is a split, there are several outcomes, one for each destination that was drawn.
 */

import type { ClientResponse } from "../harness/client.ts";
import { answerOf } from "../harness/expect.ts";
import type { UpstreamRequest } from "../harness/upstream.ts";

export interface Outcome {
  readonly status: number;
  /** Lines by name. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Empty where it is the stub's account of the request, which is `upstream`. */
  readonly body: string;
  readonly upstream: UpstreamRequest | undefined;
}

/** Names a request, and which of the two it is: the stub shows them, and they take no part in the comparison. */
export const PAIR_HEADER = "x-pair";
const KEY_HEADER = "x-echo-key";

/** Different for every answer. */
const RESPONSE_HEADERS_LEFT_OUT = ["date"];
const RESPONSE_VALUES_LEFT_OUT = ["x-envoy-upstream-service-time"];
const REQUEST_HEADERS_LEFT_OUT = [PAIR_HEADER, KEY_HEADER, "x-request-id"];
const TIME_LEFT_HEADER = "x-envoy-expected-rq-timeout-ms";

export function outcomeOf(response: ClientResponse): Outcome {
  const { upstream } = answerOf(response, () => []);
  const headers = Object.fromEntries(
    Object.entries(response.headers)
      .filter(([name]) => !RESPONSE_HEADERS_LEFT_OUT.includes(name) && !name.startsWith(":"))
      // The stub's account has the request's own marks in it.
      .filter(([name]) => !(name === "content-length" && upstream !== undefined))
      .map(([name, lines]) => [name, RESPONSE_VALUES_LEFT_OUT.includes(name) ? ["…"] : lines] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  return {
    status: response.status,
    headers,
    body: upstream === undefined ? response.body : "",
    upstream: upstream && comparable(upstream),
  };
}

export function comparable(request: UpstreamRequest): UpstreamRequest {
  // What is left for a second try depends on how long the first took.
  const isRetry = Number(request.headers["x-envoy-attempt-count"] ?? 1) > 1;
  const headers = Object.fromEntries(
    Object.entries(request.headers)
      .filter(([name]) => !REQUEST_HEADERS_LEFT_OUT.includes(name))
      .map(([name, value]) => [name, isRetry && name === TIME_LEFT_HEADER ? "…" : value] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  return { ...request, headers };
}

/** Where a request went, as far as it can be told from outside: clusters without endpoints fail each in its way. */
export function destinationOf({ upstream, status, body, headers }: Outcome): string {
  const backend = headers["x-backend"]?.[0];
  return (
    upstream?.endpoint ?? backend ?? ["none", status, body, headers["grpc-message"]?.[0]].join(" ").trim()
  );
}

/** The differences of two values, each as `path: native …, wasm …`. */
export function differencesOf(native: unknown, wasm: unknown, path = ""): string[] {
  if (JSON.stringify(native) === JSON.stringify(wasm)) {
    return [];
  }
  if (isObject(native) && isObject(wasm)) {
    const keys = [...new Set([...Object.keys(native), ...Object.keys(wasm)])].sort();
    return keys.flatMap((key) => differencesOf(native[key], wasm[key], path === "" ? key : `${path}.${key}`));
  }
  return [`${path}: native ${JSON.stringify(native)}, wasm ${JSON.stringify(wasm)}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A connection that ended without an answer is an outcome, too. */
export function failed({ message }: Error): Outcome {
  return { status: 0, headers: {}, body: message, upstream: undefined };
}
