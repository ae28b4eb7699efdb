/** What a roll-out has decided, for whoever carries it out or shows it. */

import type { RolloutFailure } from "./state.ts";

export type RolloutEvent =
  /** A wave begins: `proxies` shall have the new revision. For the shadow's, the server's own Envoy. */
  | {
      readonly kind: "wave";
      readonly wave: string;
      readonly number: number;
      readonly of: number;
      readonly proxies: readonly string[];
    }
  /** Every proxy of the wave has acknowledged. */
  | { readonly kind: "baking"; readonly wave: string; readonly until: number }
  /** Every proxy has the new revision, or gets it. */
  | { readonly kind: "done" }
  /** `proxies` shall have the old revision again. */
  | { readonly kind: "failed"; readonly failure: RolloutFailure; readonly proxies: readonly string[] }
  /** All of those have it. */
  | { readonly kind: "returned" }
  | { readonly kind: "superseded"; readonly by: string };
