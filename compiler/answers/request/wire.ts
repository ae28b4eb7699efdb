/** A request as it stands on the wire, for whoever has one decided. */

import type { Claims } from "./claims.ts";

/** A header line as it stands on the wire; repeated names are repeated lines. */
export type HeaderLine = readonly [name: string, value: string];

export interface HostRequest {
  readonly method?: string;
  readonly scheme?: string;
  readonly authority: string;
  /** With its query. */
  readonly path: string;
  readonly headers?: readonly HeaderLine[];
  /** Where it comes from, with its port. */
  readonly source?: string;
  /** Of the token that was verified. Absent: it has none. */
  readonly claims?: Claims;
}
