/** What a roll-out waits for, and what it has counted so far, in words. */

import type { ResponseCounts, RolloutReport } from "../../../fleet/model/report.ts";
import { countText, percentText } from "../format/numbers.ts";
import { agoText } from "../format/times.ts";

const PHASES: Readonly<Record<RolloutReport["phase"], string>> = {
  running: "under way",
  done: "done",
  failed: "stopped and taken back",
  aborted: "aborted and taken back",
  superseded: "overtaken by a newer one",
};

export function phaseText({ phase }: RolloutReport): string {
  return PHASES[phase];
}

/** Of one that is under way: why the next wave has not begun. */
export function waitsFor({ waves, wave, bakingUntil }: RolloutReport, now: number): string {
  const current = waves[wave];
  if (current === undefined) {
    return "it is tried before any proxy gets it";
  }
  if (bakingUntil !== undefined) {
    const left = Date.parse(bakingUntil) - now;
    return left > 0
      ? `all of the wave have it; it is watched for ${agoText(left)} more`
      : "all of the wave have it, and it was watched for long enough";
  }
  const missing = current.proxies - current.taken;
  return current.name === "shadow"
    ? "the server's own Envoy has to take it"
    : `${countText(missing)} of ${countText(current.proxies)} ${current.proxies === 1 ? "proxy has" : "proxies have"} to acknowledge it`;
}

/** `0.2 % of 1,204`, of answers that were 5xx. */
export function errorsText({ requests, serverErrors }: ResponseCounts): string {
  return requests === 0 ? "no answers" : `${percentText(serverErrors / requests)} of ${countText(requests)}`;
}
