/** Rates without the noise of single seconds, so that bands breathe and do not flicker. */

import { groupBy } from "../live/group-by.ts";
import type { FlowLink } from "./flow-links.ts";

/** What a new report weighs against those before it. */
const NEW = 0.35;
/** A way that has had nothing for long goes. */
const GONE = 0.02;

export class CalmRates {
  #links = new Map<string, FlowLink>();

  /** Takes what a report says, and gives what is to be drawn. */
  take(links: readonly FlowLink[]): readonly FlowLink[] {
    const before = this.#links;
    const next = new Map<string, FlowLink>();
    for (const link of summedUp(links)) {
      const id = idOf(link);
      const known = before.get(id);
      const perSecond =
        known === undefined ? link.perSecond : known.perSecond * (1 - NEW) + link.perSecond * NEW;
      next.set(id, { ...link, perSecond });
    }
    for (const [id, link] of before) {
      const perSecond = link.perSecond * (1 - NEW);
      if (!next.has(id) && perSecond > GONE) {
        next.set(id, { ...link, perSecond });
      }
    }
    this.#links = next;
    return [...next.values()];
  }
}

/** Matches of one rule that lead to the same place are one way. */
function summedUp(links: readonly FlowLink[]): readonly FlowLink[] {
  return [...groupBy(links, idOf).values()].map((same) => ({
    ...same[0]!,
    perSecond: same.reduce((sum, { perSecond }) => sum + perSecond, 0),
  }));
}

function idOf({ from, rule, to }: FlowLink): string {
  return `${from.id}\n${rule.id}\n${to.id}`;
}
