/** How resources reach an Envoy: the one thing that the plan of a change does not know. */

import type { Step } from "./steps.ts";

export interface Delivery {
  /**
   * Gives Envoy the resources of a step and waits until it has taken them, and nothing of them warms up any more.
   * Throws when it cannot tell, and when `signal` says that nobody waits any longer.
   */
  take(step: Step, signal?: AbortSignal): Promise<Answer>;
}

/** A step that was rejected may have been taken in part. */
export type Answer =
  | { readonly accepted: true }
  | {
      readonly accepted: false;
      /** Envoy's own. */
      readonly words: readonly string[];
    };
