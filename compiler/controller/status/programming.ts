/** How far a revision has come, from what a fleet reports of its roll-outs. Pure. */

import type { RolloutReport } from "../../fleet/model/report.ts";
import type { Programming } from "./object-status.ts";

/**
 * Of the revision with which an object's text came; a newer one that has taken its place brings the same text. `undefined` where the
 * roll-out is no longer remembered. `rollouts`: the newest first.
 */
export function programmingOf(revision: string, rollouts: readonly RolloutReport[]): Programming | undefined {
  const found = rollouts.findIndex((report) => report.revision === revision);
  if (found < 0) {
    return undefined;
  }
  for (const report of rollouts.slice(0, found + 1).toReversed()) {
    if (report.phase !== "superseded") {
      return ofRollout(report);
    }
  }
  return { revision, state: "waiting", on: 0, of: 0 };
}

function ofRollout({ revision, phase, waves, wave, proxies, failure }: RolloutReport): Programming {
  const on = waves.reduce((sum, { taken }) => sum + taken, 0);
  const name = waves[wave]?.name;
  switch (phase) {
    case "done":
      return { revision, state: "done", on, of: proxies.changed };
    case "running":
      return {
        revision,
        state: "rolling out",
        on,
        of: proxies.all,
        ...(name !== undefined && { words: name }),
      };
    default:
      return {
        revision,
        state: "taken back",
        on: 0,
        of: proxies.all,
        ...(failure && { words: wordsOf(failure) }),
      };
  }
}

/** `refusal at envoy-1: no such cluster`. */
export function wordsOf({ gate, proxy, words }: NonNullable<RolloutReport["failure"]>): string {
  const where = proxy === undefined ? "" : ` at ${proxy}`;
  return `${gate}${where}${words.length > 0 ? `: ${words.join("; ")}` : ""}`;
}
