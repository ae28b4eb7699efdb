/** How resources reach an Envoy: the one thing that the plan of a change does not know. */

import type { Step } from "./steps.ts";

export interface Delivery {
  /**
   * Gives Envoy the resources of a step and waits until it has taken them, and nothing of them warms up any more. A step that is
   * given later replaces whatever Envoy has not taken yet. Throws when `signal` says that nobody waits any longer.
   */
  take(step: Step, signal?: AbortSignal): Promise<Answer>;
}

export type Answer =
  | { readonly kind: "accepted" }
  /** In Envoy's own words. It may have taken a part. */
  | { readonly kind: "rejected"; readonly words: readonly string[] }
  /** It has not said enough in the time of a step: it may have taken all of it, a part, or nothing. */
  | { readonly kind: "silent"; readonly words: readonly string[] };
