/** Which proxies a roll-out waits for, and until when: those that owe an answer, and those that may be about to come back. */

import { ANSWER_MS, LOST_MS } from "./limits.ts";
import { isChanged, isGone } from "./member.ts";
import { isRunning, isTakingBack, type MemberState, type RolloutState } from "./state.ts";

export class WaitedFor {
  readonly #state: RolloutState;
  /** Their ids. */
  readonly #owing = new Set<string>();

  constructor(state: RolloutState) {
    this.#state = state;
    for (const [id, member] of Object.entries(state.members)) {
      this.note(id, member);
    }
  }

  get isNobody(): boolean {
    return this.#owing.size === 0;
  }

  /** Nobody is waited for any more. */
  clear(): void {
    this.#owing.clear();
  }

  /** Whether a proxy has something else than it shall have, or may have it. */
  mustMove(member: MemberState): boolean {
    const { from, to } = this.#state;
    if (isRunning(this.#state)) {
      return isChanged(member) && member.has !== to;
    }
    return isTakingBack(this.#state) && (isChanged(member) || member.base !== from) && member.has !== from;
  }

  /** Something of the proxy has changed. */
  note(id: string, member: MemberState): void {
    const mustMove = this.mustMove(member) || member.owesSince !== undefined;
    // One that is away may have lost what it had.
    const isAway = isRunning(this.#state) && isChanged(member) && member.awaySince !== undefined;
    if (!isGone(member) && (mustMove || isAway)) {
      this.#owing.add(id);
    } else {
      this.#owing.delete(id);
    }
  }

  /** When something is due if nothing happens before; `undefined`: never. */
  next(): number | undefined {
    if (!isRunning(this.#state) && !isTakingBack(this.#state)) {
      return undefined;
    }
    const { members, bakingSince, plan, wave, notBefore } = this.#state;
    const times: number[] = [];
    if (bakingSince !== undefined && this.#owing.size === 0) {
      times.push(bakingSince + plan.bakeMs);
    }
    if (isRunning(this.#state) && wave < 0) {
      times.push(notBefore);
    }
    for (const member of Object.values(members)) {
      const { awaySince, owesSince } = member;
      if (awaySince !== undefined && !isGone(member)) {
        times.push(awaySince + LOST_MS);
      } else if (isRunning(this.#state) && owesSince !== undefined) {
        times.push(owesSince + ANSWER_MS);
      }
    }
    return times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b));
  }
}
