/** One request that was sampled while it passed: what `sluice tap` prints a line for, and the page one row. Fields are added, never changed or removed. */

export interface TappedRequest {
  /** Milliseconds since 1970, when it arrived. */
  readonly at: number;
  readonly listener: string;
  /** As the label of its statistics; absent: no rule took it. */
  readonly rule?: string;
  readonly match?: string;
  readonly fault?: "delay" | "abort" | "delay,abort";
  /** Absent: the proxy answered itself. */
  readonly cluster?: string;
  readonly endpoint?: string;
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  /** With its query, as the client sent it. */
  readonly path: string;
  readonly protocol: string;
  /** 0: the client left before there was an answer. */
  readonly status: number;
  /** Envoy's `%RESPONSE_CODE_DETAILS%` and `%RESPONSE_FLAGS%`. */
  readonly details: string;
  readonly flags: string;
  readonly durationMs: number;
  /** Until the first byte of the upstream's answer. */
  readonly upstreamMs?: number;
  readonly attempts: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly client?: string;
  readonly requestId?: string;
  /** Only those that some rule reads, as rules saw them; credentials are masked. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}
