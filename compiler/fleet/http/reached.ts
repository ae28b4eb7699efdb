/** Whether a revision is where it should be: what `sluice fleet wait` waits for. Pure; whoever waits asks again after each event. */

import type { FleetStatus, ProxyReport, RevisionReport } from "../model/report.ts";

/**
 * - `reached`: every proxy that has a stream has acknowledged it.
 * - `failed`: it was taken back.
 * - `superseded`: a newer one came before it was everywhere.
 * - `refused`: its rules have errors.
 * - `pending`: none of these yet.
 */
export type WaitOutcome = "reached" | "failed" | "superseded" | "refused" | "pending";

export interface WaitReport {
  readonly outcome: WaitOutcome;
  /** The whole id, once it is known. */
  readonly revision?: string;
  /** Those that are to have it: whoever has a stream. */
  readonly proxies: number;
  readonly acknowledged: number;
}

/** What `reachedBy` looks at; a `FleetControl` has it. */
export interface FleetView {
  status(): FleetStatus;
  proxies(): readonly ProxyReport[];
  revisions(): readonly RevisionReport[];
}

/** `wanted` is the id of a revision, or how it begins; of several the newest is meant. */
export function reachedBy(wanted: string, fleet: FleetView): WaitReport {
  const there = fleet.proxies().filter(({ state }) => state !== "lost");
  const revision = fleet.revisions().find(({ id }) => id.startsWith(wanted));
  const acknowledged = there.filter(
    (proxy) => revision !== undefined && proxy.revision === revision.id,
  ).length;
  const report = (outcome: WaitOutcome): WaitReport => ({
    outcome,
    ...(revision !== undefined && { revision: revision.id }),
    proxies: there.length,
    acknowledged,
  });
  switch (revision?.state) {
    case undefined:
      return report(fleet.status().refusedRevision?.startsWith(wanted) ? "refused" : "pending");
    case "serving":
      return report(acknowledged === there.length ? "reached" : "pending");
    case "failed":
    case "superseded":
      return report(revision.state);
    default:
      return report("pending");
  }
}
