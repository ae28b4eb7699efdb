/** What came of giving a proxy a revision. */

import type { Gate, RolloutFailure } from "./state.ts";

export type Outcome =
  | { readonly kind: "taken" }
  /** `words` are Envoy's. */
  | { readonly kind: "refused"; readonly step: string; readonly words: readonly string[] }
  /** It has not acknowledged in time. */
  | { readonly kind: "silent"; readonly step: string; readonly words: readonly string[] }
  /** It has not acknowledged the old one either, after it did not take the new one. */
  | { readonly kind: "unknown"; readonly words: readonly string[] };

/** What a roll-out fails by where a proxy has not taken its revision. */
export function refusalOf(
  proxy: string,
  outcome: Exclude<Outcome, { kind: "taken" }>,
): Pick<RolloutFailure, "proxy" | "step" | "words"> & { readonly gate: Gate } {
  return {
    gate: outcome.kind === "refused" ? "refusal" : "deadline",
    proxy,
    ...(outcome.kind !== "unknown" && { step: outcome.step }),
    words: outcome.words,
  };
}
