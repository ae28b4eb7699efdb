/** What is wrong with a cluster, in few words; nothing if it is well. */

import type { LiveCluster } from "../../../observe/live-report.ts";
import { percentText, rateText } from "../format/numbers.ts";
import type { Tone } from "./health.ts";

export interface Complaint {
  readonly tone: Extract<Tone, "warn" | "bad">;
  readonly words: string;
}

/** The gravest first. */
export function complaints({ requests, endpoints, overflows, timeouts, answers }: LiveCluster): Complaint[] {
  const { total, healthy, ejected } = endpoints;
  const found: Complaint[] = [];
  if (total === 0) {
    // One that finds its endpoints as requests come has none before, and one that nobody asks needs none.
    if (requests.perSecond > 0) {
      found.push({ tone: "bad", words: "no endpoints" });
    }
  } else if (healthy === 0) {
    found.push({ tone: "bad", words: `none of ${total} healthy` });
  } else {
    if (ejected > 0) {
      found.push({ tone: "warn", words: `${ejected} of ${total} ejected` });
    }
    if (total - healthy > ejected) {
      found.push({ tone: "warn", words: `${total - healthy - ejected} of ${total} unhealthy` });
    }
  }
  if (overflows.perSecond > 0) {
    found.push({ tone: "bad", words: `overflow ${rateText(overflows.perSecond)}/s` });
  }
  const answered = Object.values(answers).reduce((sum, { perSecond }) => sum + perSecond, 0);
  if (answers["5xx"].perSecond > 0) {
    found.push({ tone: "warn", words: `5xx ${percentText(answers["5xx"].perSecond / answered)}` });
  }
  if (timeouts.perSecond > 0) {
    found.push({ tone: "warn", words: `timeouts ${rateText(timeouts.perSecond)}/s` });
  }
  return found;
}
