/**
 * The waves of a roll-out, and which proxies belong to each. A proxy's place follows from its id alone (rendezvous hashing), so
 * the same proxies are first each time, and one that joins or leaves moves nobody else.
 */

import { createHash } from "node:crypto";

export type Wave =
  /** No proxy of the fleet: an Envoy of the server's own. */
  | { readonly kind: "shadow" }
  /** So many of each scope. */
  | { readonly kind: "perScope"; readonly proxies: number }
  /** So much of the fleet, in percent. */
  | { readonly kind: "share"; readonly percent: number };

export const DEFAULT_WAVES: readonly string[] = ["shadow", "1", "5%", "25%", "100%"];
/** Of a roll-out that cannot wait. */
export const ONE_WAVE: readonly string[] = ["100%"];

/** Waves that cannot be; the message says why. */
export class WaveError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "WaveError";
  }
}

/** Reads `shadow,1,5%,25%,all`. Throws a `WaveError`. */
export function parseWaves(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim().replace(/\s+%$/, "%").replace(/^all$/, "100%"));
  const waves = names.map(waveOf);
  for (const [i, wave] of waves.entries()) {
    const before = waves[i - 1];
    if (wave.kind === "shadow" && i > 0) {
      throw new WaveError("the shadow comes before all proxies; write it first");
    }
    if (before !== undefined && !isLarger(before, wave)) {
      throw new WaveError(`wave "${names[i]}" is not larger than "${names[i - 1]}" before it`);
    }
  }
  if (names.at(-1) !== "100%") {
    throw new WaveError('the last wave must be "all", or some proxies would never change');
  }
  return names;
}

function isLarger(a: Wave, b: Wave): boolean {
  if (a.kind === "perScope" && b.kind === "perScope") {
    return b.proxies > a.proxies;
  }
  if (a.kind === "share") {
    return b.kind === "share" && b.percent > a.percent;
  }
  return b.kind !== "shadow";
}

/** One wave, by its name. Throws a `WaveError`. */
export function waveOf(name: string): Wave {
  if (name === "shadow") {
    return { kind: "shadow" };
  }
  const share = /^(\d+(?:\.\d+)?)%$/.exec(name);
  if (share !== null) {
    const percent = Number(share[1]);
    if (percent > 0 && percent <= 100) {
      return { kind: "share", percent };
    }
  } else if (/^[1-9]\d{0,5}$/.test(name)) {
    return { kind: "perScope", proxies: Number(name) };
  }
  throw new WaveError(
    `"${name}" is not a wave; use "shadow", a number of proxies of each scope, a share such as 5%, or "all"`,
  );
}

/** What decides whether a proxy belongs to a wave. */
export interface Candidate {
  readonly id: string;
  readonly scope: string;
  /** It has the labels of those that are to be first. */
  readonly canary: boolean;
}

/** Lower is earlier. */
export function scoreOf(id: string): string {
  return createHash("sha256").update(id).digest("hex").slice(0, 16);
}

/** Ids of a wave. Where some are canaries, they are a wave of a number of each scope, and the first of every share. */
export function membersOf(wave: Wave, candidates: readonly Candidate[]): string[] {
  if (wave.kind === "shadow") {
    return [];
  }
  const sorted = inOrder(candidates);
  if (wave.kind === "share") {
    return sorted.slice(0, Math.ceil((sorted.length * wave.percent) / 100)).map(({ id }) => id);
  }
  const canaries = sorted.filter(({ canary }) => canary);
  if (canaries.length > 0) {
    return canaries.map(({ id }) => id);
  }
  const taken = new Map<string, number>();
  return sorted
    .filter(({ scope }) => {
      const count = (taken.get(scope) ?? 0) + 1;
      taken.set(scope, count);
      return count <= wave.proxies;
    })
    .map(({ id }) => id);
}

function inOrder(candidates: readonly Candidate[]): Candidate[] {
  return candidates
    .map((candidate) => ({ candidate, key: `${candidate.canary ? 0 : 1}${scoreOf(candidate.id)}` }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ candidate }) => candidate);
}
