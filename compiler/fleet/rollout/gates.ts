/** What a roll-out is held against while it is watched: the proxies that have the new revision, and the others. */

import { chanceOfMore } from "./exact-test.ts";
import { isChanged } from "./member.ts";
import type { RolloutPlan } from "./plan.ts";
import type { Responses, RolloutFailure, RolloutState } from "./state.ts";
import { type Compared, errorShare } from "./tally.ts";

/** Rarer than that, chance is not an explanation: a roll-out is looked at thousands of times. */
export const SIGNIFICANCE = 1e-6;
/** A difference smaller than that is no reason to stop, however certain it is: two proxies never serve quite the same. */
export const LEAST_DIFFERENCE = 0.001;
/** A limit that somebody set counts from so many requests on. */
export const LEAST_REQUESTS = 100;
/** Beyond what the others lose, one in a hundred may be taken away for reasons of its own. */
export const LOST_SHARE = 0.01;

/** What a gate found; the roll-out says when and where. */
export type Alarm = Pick<RolloutFailure, "gate" | "words" | "numbers" | "proxy">;

/** Whether the changed proxies of a scope answer with more 5xx than the others, or than before. */
export function responsesAlarm({ max5xx }: RolloutPlan, compared: Compared): Alarm | undefined {
  const { changed, unchanged, control } = compared;
  const difference = errorShare(changed) - errorShare(unchanged);
  if (max5xx !== undefined && changed.requests >= LEAST_REQUESTS && difference > max5xx) {
    const than = control === "before" ? "before" : "the others";
    return alarm(compared, `more than ${percent(max5xx)} above ${than}`);
  }
  if (unchanged.requests === 0 || difference < LEAST_DIFFERENCE) {
    return undefined;
  }
  const p = chanceOfMore(changed, unchanged);
  return p < SIGNIFICANCE ? alarm(compared, `by chance once in ${rare(p)} times`, p) : undefined;
}

function alarm({ changed, unchanged, control }: Compared, why: string, p?: number): Alarm {
  const of = ({ requests, serverErrors }: Responses) => `${serverErrors} of ${requests}`;
  const whose = control === "before" ? "of those before" : "of the others'";
  return {
    gate: "responses",
    words: [
      `${percent(errorShare(changed))} of the changed proxies' answers are 5xx (${of(changed)}), and ${percent(errorShare(unchanged))} ${whose} (${of(unchanged)}): ${why}`,
    ],
    numbers: { changed: { ...changed }, unchanged: { ...unchanged }, ...(p !== undefined && { p }) },
  };
}

/** Whether more of the changed proxies are lost than of the others. */
export function lostAlarm(state: RolloutState): Alarm | undefined {
  const all = Object.entries(state.members);
  const changed = all.filter(([, member]) => isChanged(member)).length;
  const lost = all.filter(([, member]) => member.lost === "changed").map(([id]) => id);
  const control = all.filter(([, member]) => member.lost === "unchanged").length;
  const allowed = Math.floor(changed * (control / Math.max(1, all.length) + LOST_SHARE));
  if (lost.length <= allowed) {
    return undefined;
  }
  const others = all.length - changed;
  return {
    gate: "lost",
    proxy: lost.at(-1)!,
    words: [
      `${lost.length} of ${changed} changed proxies are gone (${lost.slice(-SHOWN).join(", ")}), and ${control} others of ${all.length}`,
    ],
    numbers: {
      changed: { proxies: changed, lost: lost.length },
      unchanged: { proxies: others, lost: control },
    },
  };
}

const SHOWN = 5;

function percent(part: number): string {
  return `${Number((part * 100).toFixed(2))} %`;
}

function rare(p: number): string {
  return p === 0 ? "more than 10^300" : `10^${Math.floor(-Math.log10(p))}`;
}
