/** What of a fleet outlives its server: enough to serve every proxy as before, and to go on with a roll-out where it was. */

import type { FindingsSummary } from "../../diagnostics/render/report.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import type { LiveBuild } from "../../run/delivery/live-configuration.ts";
import type { RevisionState } from "../model/report.ts";

/** One state of the rules, with what it was compiled from. */
export interface StoredRevision {
  readonly id: string;
  /** When it was first seen, in ISO 8601. */
  readonly seen: string;
  readonly state: RevisionState;
  readonly findings: FindingsSummary;
  readonly sources: readonly SourceFile[];
}

/** What proxies of a scope are told by a revision. */
export interface StoredBuild {
  readonly revision: string;
  /** The key of the scope. */
  readonly scope: string;
  readonly build: LiveBuild;
}

/** Plain JSON, which this room keeps and does not read. */
export type Opaque = object;

export interface FleetState {
  /** The oldest first; at most `KEPT_REVISIONS`. */
  readonly revisions: readonly StoredRevision[];
  /** What everybody has, or had before the roll-out. */
  readonly serving?: string;
  /** What the sources had when they were right last; it need not be what was rolled out last. */
  readonly newest?: string;
  /** Of the roll-outs. */
  readonly rollout?: Opaque;
  /** Of the revisions that some proxy has. */
  readonly builds: readonly StoredBuild[];
}

/** As many as somebody may want to go back to. */
export const KEPT_REVISIONS = 20;
