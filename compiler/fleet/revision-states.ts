/** What the roll-outs of a fleet say of its revisions. */

import type { KnownRevisions } from "./known-revisions.ts";
import type { RevisionState } from "./model/report.ts";
import type { Revision } from "./revisions/revision.ts";
import type { Rollouts } from "./rollouts.ts";

/** What all proxies have or get, and what is on its way to them. */
export function shownRevisions(
  rollouts: Rollouts,
  revisions: KnownRevisions,
): { readonly serving?: Revision; readonly next?: Revision } {
  const [report] = rollouts.reports();
  const serving = revisions.find(report?.phase === "done" ? report.revision : report?.from);
  const next = report?.phase === "running" ? revisions.find(report.revision) : undefined;
  return { ...(serving && { serving }), ...(next && { next }) };
}

export function stateOfRevision(
  revision: Revision,
  rollouts: Rollouts,
  revisions: KnownRevisions,
): RevisionState {
  const { serving, next } = shownRevisions(rollouts, revisions);
  if (revision === serving) {
    return "serving";
  }
  if (revision === next) {
    return "rolling out";
  }
  const last = rollouts.reports().find((report) => report.revision === revision.id);
  return last?.phase === "failed" || last?.phase === "aborted" ? "failed" : "superseded";
}
