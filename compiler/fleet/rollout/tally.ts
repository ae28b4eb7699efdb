/** What changed and unchanged proxies answered, added up as reports come in: there is one every few seconds from each proxy. */

import type { MemberState, Responses, RolloutState } from "./state.ts";

/** What the changed proxies answered, and what they are compared with. */
export interface Compared {
  readonly changed: Responses;
  readonly unchanged: Responses;
  /** Whose answers the latter are: other proxies', or the same ones' before they had the new revision. */
  readonly control: "others" | "before";
}

interface Sums {
  /** By the new revision. */
  after: Responses;
  /** By older ones, of proxies that have not changed. */
  unchanged: Responses;
  /** By older ones, of all, also from before the roll-out. */
  before: Responses;
}

const NOTHING: Responses = { requests: 0, serverErrors: 0 };

export class Tally {
  readonly #scopes = new Map<string, Sums>();
  readonly #all: Sums = { after: NOTHING, unchanged: NOTHING, before: NOTHING };

  constructor({ members }: Pick<RolloutState, "members">) {
    for (const { scope, earlier = NOTHING, before, after, wave } of Object.values(members)) {
      this.#add(scope, "before", plus(earlier, before));
      this.#add(scope, "after", after);
      if (wave === undefined) {
        this.#add(scope, "unchanged", before);
      }
    }
  }

  /** By an older revision. */
  answeredBefore({ scope }: MemberState, counts: Responses): void {
    this.#add(scope, "before", counts);
    this.#add(scope, "unchanged", counts);
  }

  /** By the new revision. */
  answeredAfter({ scope }: MemberState, counts: Responses): void {
    this.#add(scope, "after", counts);
  }

  /** From now on the proxy is not one of those that others are compared with. */
  changed({ scope, before }: MemberState): void {
    this.#add(scope, "unchanged", { requests: -before.requests, serverErrors: -before.serverErrors });
  }

  /**
   * Proxies are compared with those that are told the same but for this change. Where none of these is left, with what all of
   * them answered before it; where they have answered nothing, with the rest of the fleet.
   */
  in(scope: string): Compared {
    const { after: changed, unchanged, before } = this.#of(scope);
    if (unchanged.requests === 0 && before.requests > 0) {
      return { changed, unchanged: before, control: "before" };
    }
    const others = unchanged.requests > 0 ? unchanged : this.#all.unchanged;
    return { changed, unchanged: others, control: "others" };
  }

  /** Of the whole fleet. */
  get total(): Compared {
    return { changed: this.#all.after, unchanged: this.#all.unchanged, control: "others" };
  }

  #of(scope: string): Sums {
    let sums = this.#scopes.get(scope);
    if (sums === undefined) {
      sums = { after: NOTHING, unchanged: NOTHING, before: NOTHING };
      this.#scopes.set(scope, sums);
    }
    return sums;
  }

  #add(scope: string, which: keyof Sums, counts: Responses): void {
    for (const sums of [this.#of(scope), this.#all]) {
      sums[which] = plus(sums[which], counts);
    }
  }
}

export function plus(a: Responses, b: Responses): Responses {
  return { requests: a.requests + b.requests, serverErrors: a.serverErrors + b.serverErrors };
}

/** 5xx of all. */
export function errorShare({ requests, serverErrors }: Responses): number {
  return requests === 0 ? 0 : serverErrors / requests;
}
