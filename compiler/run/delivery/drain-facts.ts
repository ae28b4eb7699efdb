/**
 * What of a configuration is needed once other rules have taken its place: how long what only it uses has to stay. Plain facts,
 * so that they can be kept beside its resources when the configuration itself is gone, as after a restart.
 */

import type { Config } from "../../ir/ir.ts";
import { usedClusters } from "../../ir/used-clusters.ts";
import { drainTime } from "./drain-time.ts";

export interface DrainFacts {
  /** How long requests that it has decided may still be sent somewhere, in milliseconds. */
  readonly requestsMs: number;
  /** What connections can be sent to, by the name of their listener or chain. */
  readonly clusters: ReadonlyMap<string, ReadonlySet<string>>;
}

export function drainFactsOf(config: Config): DrainFacts {
  return { requestsMs: drainTime(config), clusters: usedClusters(config) };
}
