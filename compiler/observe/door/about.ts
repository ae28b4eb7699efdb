/** What a running session says of itself. Fields are added, never changed or removed. */

import type { Socket } from "../../ir/sockets.ts";
import type { ListedRule } from "../listed-rules.ts";

/** `GET /v1/rules` */
export interface ServedRules {
  /** As that of `RunAbout`; 0 before Envoy serves. */
  readonly generation: number;
  readonly rules: readonly ListedRule[];
  /** Where requests are taken. */
  readonly sockets: readonly Socket[];
}

/** `GET /v1/about`: which session it is, for whoever looks for one among several. */
export interface RunAbout {
  /** The id of its process. */
  readonly pid: number;
  /** Where it was started. */
  readonly directory: string;
  /** Where its rules are, as it was told. */
  readonly rules: readonly string[];
  /** Milliseconds since 1970, when its door was opened. */
  readonly since: number;
  /** Of Sluice. */
  readonly version: string;
  /** Absent before Envoy serves, and while it ends. */
  readonly serving?: {
    /** Counts from 1; one more with each change that serves. */
    readonly generation: number;
    readonly since: number;
    readonly envoy: string;
  };
}
