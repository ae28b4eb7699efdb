/**
 * Keeps endpoints that vanish too many at once. A source that is restarted, or half of which cannot be reached, tells of few
 * endpoints or of none, and for a moment that looks like a service which is gone. So where more than half of a cluster's
 * endpoints go within a second, and no others take their place, they are kept for some seconds, beside all that is there. A
 * service that was really stopped is known as such a little later; endpoints that come are told at once, always.
 *
 * It stands between what a scope is to be told and what it is told, whether that was compiled or not. Time is handed in, in
 * milliseconds of a clock that never goes back.
 */

import { Resource, type ResourceSet } from "../../back/xds/resource-set.ts";
import { countEndpoints, keepBeside } from "./kept-endpoints.ts";

export interface GuardTimes {
  /** What goes within so long goes at once. Default: 1,000 ms. */
  readonly windowMs?: number;
  /** How long endpoints are kept. Default: 5,000 ms. */
  readonly holdMs?: number;
}

/** Endpoints that are kept. */
export interface HeldEndpoints {
  readonly cluster: string;
  /** How many there were. */
  readonly before: number;
  /** How many there are. */
  readonly now: number;
  /** When they are let go, unless they come back. */
  readonly until: number;
}

export interface Guarded {
  /** What may be told; the very set that was handed in where nothing is kept. */
  readonly resources: ResourceSet;
  /** Those that are kept from now on. */
  readonly held: readonly HeldEndpoints[];
  /** When there is something to let go: `pass` has to be called again then. */
  readonly next?: number;
}

type Endpoints = Resource<"endpoints">;

interface Watched {
  /** What there was, since when, in the order of time: the last is what there is. The first may be older than the window. */
  past: readonly { readonly since: number; readonly endpoints: Endpoints }[];
  hold?: Hold | undefined;
}

interface Hold {
  readonly kept: Endpoints;
  readonly until: number;
  /** What both come to, for as long as what there is stays the same. */
  told: { readonly now: Endpoints; readonly endpoints: Endpoints };
}

export class EndpointGuard {
  readonly #windowMs: number;
  readonly #holdMs: number;
  readonly #clusters = new Map<string, Watched>();

  constructor({ windowMs = 1_000, holdMs = 5_000 }: GuardTimes = {}) {
    this.#windowMs = windowMs;
    this.#holdMs = holdMs;
  }

  /** `set`: what a scope is to be told, each time that it changes, and again at `next`. */
  pass(set: ResourceSet, now: number): Guarded {
    const held: HeldEndpoints[] = [];
    const kept = new Map<string, Endpoints>();
    let next = Number.POSITIVE_INFINITY;
    for (const [name, endpoints] of set.endpoints) {
      const watched = this.#watch(name, endpoints, now);
      const { hold } = watched;
      if (hold === undefined && watched.past.length === 1) {
        continue;
      }
      const begun = this.#guard(watched, now);
      if (begun !== undefined) {
        held.push({ cluster: name, ...begun });
      }
      if (watched.hold !== undefined) {
        kept.set(name, watched.hold.told.endpoints);
        next = Math.min(next, watched.hold.until);
      }
    }
    this.#forgetAllBut(set);
    const all = kept.size === 0 ? set.endpoints : new Map([...set.endpoints, ...kept]);
    return {
      resources: kept.size === 0 ? set : { ...set, endpoints: all },
      held,
      ...(Number.isFinite(next) && { next }),
    };
  }

  #watch(name: string, endpoints: Endpoints, now: number): Watched {
    const watched = this.#clusters.get(name);
    if (watched === undefined) {
      const first: Watched = { past: [{ since: now, endpoints }] };
      this.#clusters.set(name, first);
      return first;
    }
    if (watched.past.at(-1)!.endpoints !== endpoints) {
      watched.past = [...watched.past, { since: now, endpoints }];
    }
    if (watched.past.length > 1) {
      const from = watched.past.findLastIndex(({ since }) => since <= now - this.#windowMs);
      watched.past = watched.past.slice(Math.max(from, 0));
    }
    return watched;
  }

  /** What there is to say of endpoints that are kept from now on. */
  #guard(watched: Watched, now: number): Omit<HeldEndpoints, "cluster"> | undefined {
    const present = watched.past.at(-1)!.endpoints;
    const count = countOf(present);
    const { hold } = watched;
    if (hold !== undefined && now < hold.until && isHalfGone(hold.kept, count)) {
      if (hold.told.now !== present) {
        hold.told = { now: present, endpoints: together(present, hold.kept) };
      }
      return undefined;
    }
    if (hold !== undefined) {
      // Let go, or come back: whatever there is counts from here.
      watched.hold = undefined;
      watched.past = watched.past.slice(-1);
    }
    const before = watched.past[0]!.endpoints;
    if (!isHalfGone(before, count)) {
      return undefined;
    }
    const until = now + this.#holdMs;
    watched.hold = { kept: before, until, told: { now: present, endpoints: together(present, before) } };
    return { before: countOf(before), now: count, until };
  }

  /** Rules that need a cluster no more have nothing to do with its endpoints. */
  #forgetAllBut({ endpoints }: ResourceSet): void {
    if (this.#clusters.size > endpoints.size) {
      for (const name of this.#clusters.keys()) {
        if (!endpoints.has(name)) {
          this.#clusters.delete(name);
        }
      }
    }
  }
}

function isHalfGone(before: Endpoints, now: number): boolean {
  return now * 2 < countOf(before);
}

function countOf({ message }: Endpoints): number {
  return countEndpoints(message);
}

function together(now: Endpoints, before: Endpoints): Endpoints {
  return new Resource({
    type: "endpoints",
    name: now.name,
    message: keepBeside(now.message, before.message),
  });
}
