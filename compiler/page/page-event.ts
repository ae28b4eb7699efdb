/** What happens in a session, as the page's list of what changed last has it. */

import type { SessionEvent } from "../run/session-event.ts";
import type { PageEvent } from "./api.ts";

/** `undefined` for what is no news there. */
export function pageEventOf(event: SessionEvent, at: number): PageEvent | undefined {
  switch (event.kind) {
    case "serving":
      return { at, kind: "serving", text: "Envoy serves" };
    case "reloaded":
      return { at, kind: "reloaded", text: `new rules serve, after ${event.ms} ms` };
    case "held":
      return {
        at,
        kind: "held",
        text: `${event.files.join(", ")} changed; the old rules stay in effect until somebody applies it`,
      };
    case "refused":
      return {
        at,
        kind: "refused",
        text: "the new rules have errors; the old rules stay in effect",
        findings: event.findings.diagnostics,
      };
    case "rejected": {
      const { step, words, again } = event;
      const what = again ? `Envoy did not accept the ${step}; trying again` : `Envoy rejected the ${step}`;
      return { at, kind: "rejected", text: [`${what}; the old rules stay in effect`, ...words].join("\n") };
    }
    case "blocked": {
      const what = "the new rules cannot be served yet; the old rules stay in effect; trying again";
      return { at, kind: "blocked", text: [what, ...event.words].join("\n") };
    }
    case "restartNeeded":
      return {
        at,
        kind: "blocked",
        text: "the change needs a restart of Envoy; the old rules stay in effect",
      };
    case "unknown": {
      const what = "Envoy does not answer: either the old or the new rules may be in effect; trying again";
      return { at, kind: "failed", text: [what, ...event.words].join("\n") };
    }
    case "failed": {
      const { message } = event.error as Error;
      const which = event.untouched
        ? "the old rules stay in effect"
        : "either the old or the new rules may be in effect";
      return { at, kind: "failed", text: `could not reload: ${message}; ${which}; trying again` };
    }
    case "draining":
      return {
        at,
        kind: "draining",
        text: `told to stop; waiting up to ${event.limitMs / 1000} s for ${event.inFlight} requests in flight`,
      };
    case "stopped":
      return { at, kind: "stopped", text: "stopped" };
    default:
      return undefined;
  }
}
