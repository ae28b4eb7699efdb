/** What happens in a fleet, as it happens. */

import type { Findings } from "../../diagnostics/render/report.ts";
import type { StepName } from "../../run/delivery/steps.ts";
import type { RolloutReport } from "./report.ts";
import type { RuleSnapshot } from "./rules.ts";

export type FleetEvent =
  /** The rules changed; what is to be said of them. `refused`: they are wrong, and what was served before stays. */
  | {
      readonly kind: "rules";
      readonly revision: string;
      readonly findings: Findings;
      readonly refused: boolean;
      /** What was read. */
      readonly snapshot: Pick<RuleSnapshot, "sources" | "held">;
    }
  /** The source cannot be read, or something went wrong with its rules; what was served before stays. */
  | { readonly kind: "failed"; readonly error: unknown }
  /** From now on all proxies shall have it. */
  | { readonly kind: "serving"; readonly revision: string }
  /** A wave of a roll-out begins: `proxies` shall have the revision. None: it is the server's own Envoy's. */
  | {
      readonly kind: "wave";
      readonly revision: string;
      readonly wave: string;
      /** From 1. */
      readonly number: number;
      readonly of: number;
      readonly proxies: readonly string[];
    }
  /** Every proxy of the wave has acknowledged; until then it is watched. */
  | { readonly kind: "baking"; readonly revision: string; readonly wave: string; readonly until: number }
  /** A roll-out has failed; `proxies` shall have what they had before. */
  | {
      readonly kind: "stopped";
      readonly revision: string;
      readonly report: RolloutReport;
      readonly proxies: readonly string[];
    }
  /** All proxies have the revision from before the roll-out again. */
  | { readonly kind: "returned"; readonly revision: string }
  /** More than half of a cluster's endpoints vanished at once: they are kept for a while, beside those that are there. */
  | {
      readonly kind: "held";
      readonly cluster: string;
      readonly before: number;
      readonly now: number;
      readonly forMs: number;
    }
  /** A newer revision has taken the place of one that was on its way. */
  | { readonly kind: "superseded"; readonly revision: string; readonly by: string }
  | { readonly kind: "joined"; readonly proxy: string; readonly scope: string }
  | { readonly kind: "lost"; readonly proxy: string }
  /** `ms`: from when it was to have it. */
  | { readonly kind: "taken"; readonly proxy: string; readonly revision: string; readonly ms: number }
  /** In Envoy's words. */
  | {
      readonly kind: "refused";
      readonly proxy: string;
      readonly revision: string;
      readonly step?: StepName;
      readonly words: readonly string[];
    }
  /** It has not acknowledged within the time of a step. */
  | {
      readonly kind: "silent";
      readonly proxy: string;
      readonly revision: string;
      /** Absent: it has not acknowledged what it had before either. */
      readonly step?: StepName;
      readonly words: readonly string[];
    };
