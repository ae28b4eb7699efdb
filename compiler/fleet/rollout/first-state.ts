/**
 * What a roll-out knows when it begins: who is there, and what each has. A newer one that takes the place of one that runs goes on from
 * what each proxy has by that.
 */

import { LOST_MS } from "./limits.ts";
import { hasLabels, isChanged, newMember } from "./member.ts";
import type { RolloutPlan } from "./plan.ts";
import { isRunning, type Member, type MemberState, type Responses, type RolloutState } from "./state.ts";
import { plus } from "./tally.ts";

export interface Beginning {
  readonly id: string;
  /** What every proxy has; absent: none has anything. */
  readonly from?: string | undefined;
  readonly to: string;
  readonly plan: RolloutPlan;
  /** `lately`: what they answered by what they have, where that is known. */
  readonly members: readonly (Member & { readonly lately?: Responses | undefined })[];
  readonly now: number;
  /** When this server started: its proxies are given the time to come back. */
  readonly startedAt?: number | undefined;
}

/** `last`: the roll-out before, whatever came of it. */
export function firstState({
  id,
  from,
  to,
  plan,
  members,
  now,
  startedAt,
  last,
}: Beginning & { readonly last: RolloutState | undefined }): RolloutState {
  const running = last !== undefined && isRunning(last) ? last : undefined;
  const old = running?.from ?? from;
  const state: RolloutState = {
    id,
    ...(old !== undefined && { from: old }),
    to,
    plan,
    phase: "running",
    began: now,
    notBefore: startedAt === undefined ? now : startedAt + LOST_MS,
    wave: -1,
    waveBegan: now,
    shadow: "waiting",
    questions: plan.asks ? "waiting" : "none",
    members: {},
  };
  const canaryLabels = plan.canaryLabels;
  for (const { id: name, scope, labels, lately } of members) {
    const known = running?.members[name];
    const earlier = answeredEarlier(last, name, lately);
    state.members[name] = {
      ...newMember(scope, hasLabels(labels, canaryLabels), baseOf(known, running, old ?? to)),
      ...(known?.has !== undefined && known.scope === scope && { has: known.has }),
      ...(earlier !== undefined && { earlier }),
    };
  }
  // Those that are about to come back are still part of the fleet.
  for (const [name, known] of Object.entries(last?.members ?? {})) {
    const awaySince = known.awaySince ?? now;
    if (state.members[name] === undefined && now < awaySince + LOST_MS) {
      const { scope, canary } = known;
      const base = baseOf(running && known, running, old ?? to);
      state.members[name] = { ...newMember(scope, canary, base), awaySince, leftChanged: false };
    }
  }
  return state;
}

/** What a proxy has when a roll-out begins: what it has by the one that the new one supersedes. */
function baseOf(known: MemberState | undefined, running: RolloutState | undefined, old: string): string {
  if (known === undefined || running === undefined) {
    return old;
  }
  return isChanged(known) ? running.to : known.base;
}

/** What it answered by a revision that all had: not by one that was never finished. */
function answeredEarlier(
  last: RolloutState | undefined,
  name: string,
  lately: Responses | undefined,
): Responses | undefined {
  const known = last?.members[name];
  if (known === undefined || !isChanged(known)) {
    return lately;
  }
  const before = known.earlier === undefined ? known.before : plus(known.earlier, known.before);
  switch (last?.phase) {
    case "running":
      return before;
    case "done":
      return lately ?? known.after;
    default:
      return lately ?? before;
  }
}
