/** What every part of the lowering needs to know, made once for a proxy. */

import type { ProxyOptions } from "../options.ts";
import type { ClusterUses } from "./clusters/cluster-uses.ts";
import type { DestinationRules } from "./clusters/destination-rules.ts";
import type { Registry } from "./registry/registry.ts";
import type { Workloads } from "./registry/workloads.ts";
import type { Report } from "./report.ts";
import type { UpstreamFaults } from "./routes/upstream-faults.ts";

export interface Lowering {
  readonly options: ProxyOptions;
  readonly workloads: Workloads;
  readonly registry: Registry;
  readonly destinationRules: DestinationRules;
  readonly clusterUses: ClusterUses;
  readonly upstreamFaults: UpstreamFaults;
  readonly report: Report;
  /** Told that a VirtualService is lowered at one of its places. */
  readonly onLowered?: () => void;
}
