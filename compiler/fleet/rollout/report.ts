/** A roll-out as it is told to people and programs. */

import type { RolloutFailureReport, RolloutReport, WaveReport } from "../model/report.ts";
import { isChanged } from "./member.ts";
import type { RolloutFailure, RolloutState } from "./state.ts";
import { Tally } from "./tally.ts";

export function rolloutReport(state: RolloutState): RolloutReport {
  const { id, from, to, plan, phase, began, ended, wave, bakingSince, failure, returned } = state;
  const members = Object.values(state.members);
  const { changed, unchanged } = new Tally(state).total;
  return {
    id,
    revision: to,
    ...(from !== undefined && { from }),
    phase,
    began: timeText(began),
    ...(ended !== undefined && { ended: timeText(ended) }),
    now: plan.now ?? false,
    waves: wavesOf(state),
    wave: Math.max(0, wave),
    bakeMs: plan.bakeMs,
    ...(bakingSince !== undefined && { bakingUntil: timeText(bakingSince + plan.bakeMs) }),
    proxies: {
      all: members.length,
      changed: members.filter(isChanged).length,
      lost: members.filter(({ lost }) => lost !== undefined).length,
    },
    responses: { changed, unchanged },
    ...(failure && { failure: failureOf(failure) }),
    ...(returned !== undefined && { returned: timeText(returned) }),
  };
}

function wavesOf({ plan, members, to }: RolloutState): WaveReport[] {
  const all = Object.values(members);
  return plan.waves.map((name, index) => {
    const own = all.filter(({ wave }) => wave === index);
    return { name, proxies: own.length, taken: own.filter(({ has }) => has === to).length };
  });
}

function failureOf({ at, ...failure }: RolloutFailure): RolloutFailureReport {
  return { ...failure, at: timeText(at) };
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
