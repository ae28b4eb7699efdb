/** What happens in a fleet, as the page's list of what changed last has it. */

import type { FleetEvent } from "../fleet/model/event.ts";
import type { RolloutFailureReport } from "../fleet/model/report.ts";
import type { PageEvent } from "./api.ts";

/** `undefined` for what is no news there: what single proxies do as they should. */
export function fleetPageEvent(event: FleetEvent, at: number): PageEvent | undefined {
  switch (event.kind) {
    case "rules":
      return event.refused
        ? {
            at,
            kind: "refused",
            text: "the new rules have errors; the old rules stay in effect",
            findings: event.findings.diagnostics,
          }
        : undefined;
    case "failed":
      return { at, kind: "failed", text: `the rules cannot be read: ${(event.error as Error).message}` };
    case "serving":
      return { at, kind: "reloaded", text: `all proxies get revision ${event.revision}` };
    case "wave": {
      const { proxies, number, of, wave, revision } = event;
      const whom =
        proxies.length === 0
          ? "the server's own Envoy"
          : `${proxies.length} ${proxies.length === 1 ? "proxy" : "proxies"}`;
      return { at, kind: "rollout", text: `wave ${number} of ${of} (${wave}): ${revision} goes to ${whom}` };
    }
    case "baking":
      return { at, kind: "rollout", text: `wave ${event.wave} has ${event.revision}, and is watched` };
    case "stopped":
      return { at, kind: "rejected", text: stopped(event.revision, event.report.failure) };
    case "returned":
      return { at, kind: "rollout", text: `all proxies have revision ${event.revision} again` };
    case "superseded":
      return { at, kind: "rollout", text: `${event.by} takes the place of ${event.revision}` };
    case "lost":
      return { at, kind: "rollout", text: `${event.proxy} is gone` };
    case "refused":
      return {
        at,
        kind: "rollout",
        text: [`${event.proxy} refuses ${event.revision}`, ...event.words].join("\n"),
      };
    case "silent":
      return {
        at,
        kind: "rollout",
        text: [`${event.proxy} does not acknowledge ${event.revision}`, ...event.words].join("\n"),
      };
    case "held":
      return {
        at,
        kind: "rollout",
        text: `${event.cluster}: ${event.before - event.now} of ${event.before} endpoints vanished at once, and are kept for ${Math.round(event.forMs / 1000)} s`,
      };
    default:
      return undefined;
  }
}

function stopped(revision: string, failure: RolloutFailureReport | undefined): string {
  if (failure === undefined) {
    return `${revision} is stopped`;
  }
  const { wave, proxy, gate, words, rules = [] } = failure;
  return [
    `${revision} is stopped in wave ${wave}${proxy === undefined ? "" : ` at ${proxy}`} (${gate})`,
    ...words,
    ...rules.map(({ name, file, line }) => `changed rule: ${name} (${file}:${line})`),
  ].join("\n");
}
