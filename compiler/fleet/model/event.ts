/** What happens in a fleet, as it happens. */

import type { Findings } from "../../diagnostics/render/report.ts";

export type FleetEvent =
  /** The rules changed; what is to be said of them. `refused`: they are wrong, and what was served before stays. */
  | {
      readonly kind: "rules";
      readonly revision: string;
      readonly findings: Findings;
      readonly refused: boolean;
    }
  /** The source cannot be read, or something went wrong with its rules; what was served before stays. */
  | { readonly kind: "failed"; readonly error: unknown }
  /** From now on all proxies shall have it. */
  | { readonly kind: "serving"; readonly revision: string }
  | { readonly kind: "joined"; readonly proxy: string; readonly scope: string }
  | { readonly kind: "lost"; readonly proxy: string }
  /** `ms`: from when it was to have it. */
  | { readonly kind: "taken"; readonly proxy: string; readonly revision: string; readonly ms: number }
  /** In Envoy's words. */
  | {
      readonly kind: "refused";
      readonly proxy: string;
      readonly revision: string;
      readonly words: readonly string[];
    }
  /** It has not acknowledged within the time of a step. */
  | {
      readonly kind: "silent";
      readonly proxy: string;
      readonly revision: string;
      readonly words: readonly string[];
    }
  /** Somebody who is no proxy, or not one of ours, was sent away. */
  | { readonly kind: "rejected"; readonly peer: string; readonly reason: string };
