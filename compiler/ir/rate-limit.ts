/**
 * How many requests a route lets through. A limit is a bucket of tokens: it begins full, each request takes one, and they come back
 * one by one, all through the period. Whoever finds none is answered 429, and has no other effect: no fault, no mirror, no retry.
 */

/** Whatever has the same bucket at a listener shares its tokens: the limit is that of all of it together. */
export interface RateLimit {
  /** `namespace/name#rule` of one rule, `namespace/name` of all rules of a resource. */
  readonly bucket: string;
  /** Tokens that come back in a period, 1 to `MOST_REQUESTS`. */
  readonly requests: number;
  readonly periodMs: number;
  /** Tokens that there are at most, 1 to `MOST_REQUESTS`. */
  readonly burst: number;
  /** Whoever differs in it has a bucket of its own. Absent: one for all. */
  readonly by?: LimitKey;
}

/** What tells clients apart. */
export type LimitKey =
  /** Without its port, as Envoy has determined it. A client of a Unix socket has none, and no limit. */
  | { readonly kind: "clientAddress" }
  /** Lower case; the first line counts. Requests without the header share a bucket. */
  | { readonly kind: "header"; readonly name: string }
  /**
   * Of the verified token; `path`: from the outside in. Only a text tells apart, as with Envoy: requests with none, an empty one, a
   * list, a number or anything else share a bucket.
   */
  | { readonly kind: "claim"; readonly path: readonly string[] };

/** So many tokens are a number that both Envoy and the filter can count with, for any period up to an hour. */
export const MOST_REQUESTS = 1_000_000;
export const LONGEST_PERIOD_MS = 3_600_000;
/** Envoy's. */
export const LEAST_PERIOD_MS = 50;

/** So many clients of one limit by key are told apart at once: what bounds the memory that they can fill. */
export const MOST_CLIENTS = 16_384;

/** What a request beyond the limit is told, by either target. */
export const LIMITED_STATUS = 429;
/** gRPC's `RESOURCE_EXHAUSTED`. */
export const LIMITED_GRPC_STATUS = 8;
/** The body, and the details in logs: those of Envoy's own filter. */
export const LIMITED_TEXT = "local_rate_limited";

const UNITS: ReadonlyMap<number, string> = new Map([
  [1_000, "s"],
  [60_000, "m"],
  [LONGEST_PERIOD_MS, "h"],
]);

/** As it is written in `sluice.dev/rate-limit`, with what it has by default: `100/s burst 50 by header:x-api-key`. */
export function describeRateLimit({ requests, periodMs, burst, by }: Omit<RateLimit, "bucket">): string {
  const unit = UNITS.get(periodMs) ?? `${periodMs}ms`;
  return `${requests}/${unit} burst ${burst}${by === undefined ? "" : ` by ${describeKey(by)}`}`;
}

function describeKey(by: LimitKey): string {
  switch (by.kind) {
    case "clientAddress":
      return "client-address";
    case "header":
      return `header:${by.name}`;
    case "claim":
      return `claim:${describeClaim(by.path)}`;
  }
}

/** `a.b`, or `[a][b]` where a name has dots or brackets of its own. */
function describeClaim(path: readonly string[]): string {
  return path.some((name) => /[.[\]]/.test(name)) ? path.map((name) => `[${name}]`).join("") : path.join(".");
}

/** After how many seconds at the latest there is a token again; at least 1, which is the least that `retry-after` can say. */
export function longestWaitSeconds({ requests, periodMs }: Pick<RateLimit, "requests" | "periodMs">): number {
  return Math.max(1, Math.ceil(periodMs / requests / 1_000));
}
