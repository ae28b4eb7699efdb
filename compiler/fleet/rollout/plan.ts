/** How a roll-out is to go: what an operator may choose. */

import { DEFAULT_WAVES, ONE_WAVE } from "./waves.ts";

export interface RolloutPlan {
  /** Names of the waves; see `waveOf`. */
  readonly waves: readonly string[];
  /** How long a wave is watched after its last proxy has acknowledged, in milliseconds. */
  readonly bakeMs: number;
  /** Proxies with all of these labels are first, instead of some of each scope. */
  readonly canaryLabels?: Readonly<Record<string, string>>;
  /** How much larger the share of 5xx of changed proxies may be than that of the others: 0.005 for half a percent. */
  readonly max5xx?: number;
  /** Cases and witnesses are asked, and no proxy is given the revision before they are answered as they should. */
  readonly asks?: boolean;
  /** Everybody at once. It is in the report that nobody waited. */
  readonly now?: boolean;
}

export const DEFAULT_BAKE_MS = 60_000;
export const DEFAULT_PLAN: RolloutPlan = { waves: DEFAULT_WAVES, bakeMs: DEFAULT_BAKE_MS };

/** The same plan for a roll-out that cannot wait: one wave, no baking; what a proxy refuses still ends it. */
export function atOnce(plan: RolloutPlan): RolloutPlan {
  return { ...plan, waves: ONE_WAVE, bakeMs: 0, asks: false, now: true };
}
