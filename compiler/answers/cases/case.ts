/** A case as it is asked and judged, whatever file it came from. */

import type { Span } from "../../diagnostics/span.ts";
import type { AskedRequest } from "../request/asked.ts";

export interface Case {
  readonly name: string;
  readonly why?: string;
  /** Limits on the rate of requests count what the case asks, from the first. Absent: no request is beyond one. */
  readonly limits?: true;
  readonly checks: readonly Check[];
}

export interface Check {
  readonly asked: AskedRequest;
  /** As the file has it. */
  readonly ask: string;
  /** The listener. */
  readonly at: string;
  readonly times: number;
  readonly expect: Expectation;
  readonly shares?: Shares;
  readonly span: Span;
}

/** Clusters by their full names. */
export interface Expectation {
  readonly status?: number;
  readonly route?: string;
  /** What it meets, as `describeRateLimit` has it; null for none. */
  readonly rateLimit?: string | null;
  /** `none` is an answer of the proxy itself. */
  readonly cluster?: string;
  readonly path?: string;
  readonly host?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly responseHeaders?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly body?: string;
  readonly delayMs?: number;
  readonly copies?: readonly ExpectedCopy[];
}

export interface ExpectedCopy {
  readonly cluster: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
}

/** Parts of 1. */
export interface Shares {
  readonly clusters?: Readonly<Record<string, number>>;
  readonly statuses?: Readonly<Record<string, number>>;
  readonly copies?: Readonly<Record<string, number>>;
}
