/**
 * What lowering a part of the rules brings about besides its own result. Each part returns its effects as a value, so that
 * it can be kept, and taken again, like any other; whoever asked for the part adds them to its own.
 */

import type { Secret, UpstreamFault } from "../../../ir/ir.ts";
import type { ClusterUse } from "../../services/cluster-uses.ts";
import type { FoundCredential } from "../../services/credentials.ts";
import type { Finding, Report } from "../../services/report.ts";
import type { DanglingDestination } from "./dangling-destination.ts";

export interface Effects {
  /** Clusters that are needed, in the order in which they were asked for. */
  readonly uses: readonly ClusterUse[];
  readonly faults: readonly UpstreamFault[];
  readonly secrets: readonly Secret[];
  readonly findings: readonly Finding[];
  /** Destinations that lead nowhere. Who is to blame for it is not the lowering's to say. */
  readonly dangling: readonly DanglingDestination[];
}

/** Gathers them while a part is lowered, and ends with it. */
export class GatheredEffects implements Effects {
  readonly uses: ClusterUse[] = [];
  readonly faults: UpstreamFault[] = [];
  readonly secrets: Secret[] = [];
  readonly findings: Finding[] = [];
  readonly dangling: DanglingDestination[] = [];

  readonly report: Report = (code, message, span, more) => {
    this.findings.push({ code, message, span, ...(more && { more }) });
  };

  /** The name of a credential's secret; undefined when there is none of use, which is then said. */
  credential({ secret, findings }: FoundCredential): string | undefined {
    this.findings.push(...findings);
    if (secret !== undefined) {
      this.secrets.push(secret);
    }
    return secret?.name;
  }

  add({ uses, faults, secrets, findings, dangling }: Effects): void {
    append(this.uses, uses);
    append(this.faults, faults);
    append(this.secrets, secrets);
    append(this.findings, findings);
    append(this.dangling, dangling);
  }
}

export const NO_EFFECTS: Effects = { uses: [], faults: [], secrets: [], findings: [], dangling: [] };

/** One after the other; the same object as one of them where the other has none, since much follows from it that is known then. */
export function effectsOfBoth(one: Effects, other: Effects): Effects {
  if (isEmpty(one)) {
    return other;
  }
  if (isEmpty(other)) {
    return one;
  }
  const both = new GatheredEffects();
  both.add(one);
  both.add(other);
  return both;
}

function isEmpty({ uses, faults, secrets, findings, dangling }: Effects): boolean {
  return [uses, faults, secrets, findings, dangling].every(({ length }) => length === 0);
}

/** There may be more of them than a call can have arguments. */
function append<T>(list: T[], more: readonly T[]): void {
  for (const one of more) {
    list.push(one);
  }
}
