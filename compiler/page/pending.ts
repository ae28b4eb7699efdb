/** Which edit is not applied, as far as a session tells it. */

import type { SessionEvent } from "../run/session-event.ts";
import type { PendingView } from "./api.ts";

/** After an event; `before` is what it was. */
export function pendingAfter(
  before: PendingView | undefined,
  event: SessionEvent,
  at: number,
): PendingView | undefined {
  const since = before?.since ?? at;
  switch (event.kind) {
    case "refused":
      return { since, state: "wrong", findings: event.findings.diagnostics, witnesses: [] };
    case "held":
      return { since, state: "hold", findings: [], witnesses: [] };
    case "blocked":
    case "rejected":
    case "unknown":
      return before?.state === "applying"
        ? before
        : { since, state: "applying", findings: [], witnesses: [] };
    case "reloaded":
    case "unchanged":
    case "restartNeeded":
    case "stopped":
      return undefined;
    default:
      return before;
  }
}
