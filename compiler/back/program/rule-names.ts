/** What rules and clusters are called in statistics, logs and traces, as records that the filter makes names of. */

import * as layout from "../../../filter/layout.ts";
import type { Destination, Route } from "../../ir/ir.ts";
import { labelValue, matchLabel, ruleLabel } from "../stat-names.ts";
import type { BlobWriter } from "./writer.ts";

/** What of rules is in a program beside how they route. */
export interface RuleNaming {
  /** The name of the listener that the program is for. */
  readonly listener: string;
  /** What becomes of requests is counted. */
  readonly counters: boolean;
  /** Who asks for it is told which rule a request took. */
  readonly names: boolean;
}

/** The record of a route's rule, 0 for one that no rule made. Equal names are one record. */
export function writeRule(writer: BlobWriter, { origin }: Route): number {
  const own = ruleLabel(origin);
  if (own === "") {
    return 0;
  }
  const match = matchLabel(origin);
  const { offset, length } = writer.string(match === "" ? own : `${own}.${match}`);
  return writer.sharedRecord(layout.KIND_RULE, [offset, length, own.length]);
}

/** The record of what a destination's cluster is counted as, 0 where that is what the destination is called. */
export function clusterLabel(writer: BlobWriter, { cluster, fault }: Destination): number {
  const label = labelValue(cluster);
  if (label === (fault ?? cluster)) {
    return 0;
  }
  const { offset, length } = writer.string(label);
  return writer.sharedRecord(layout.KIND_LABEL, [offset, length]);
}
