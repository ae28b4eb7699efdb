/** What every part of the lowering needs to know, made once for a proxy. */

import type { ProxyOptions } from "../../../options.ts";
import type { ClusterUses } from "../../services/cluster-uses.ts";
import type { Credentials } from "../../services/credentials.ts";
import type { Report } from "../../services/report.ts";
import type { ClientTlsPlaces } from "../policies/client-tls.ts";
import type { UpstreamFaults } from "../rules/upstream-faults.ts";
import type { DanglingDestination } from "./dangling-destination.ts";
import type { Environment } from "./environment.ts";
import type { LoweringCache } from "./lowering-cache.ts";

export interface LoweringContext extends Environment {
  /** The parts above, as what they are together. */
  readonly environment: Environment;
  readonly cache: LoweringCache;
  readonly options: ProxyOptions;
  readonly clusterUses: ClusterUses;
  readonly upstreamFaults: UpstreamFaults;
  readonly credentials: Credentials;
  readonly clientTlsPlaces: ClientTlsPlaces;
  readonly report: Report;
  /** Told of destinations that lead nowhere. Who is to blame for it is not the lowering's to say. */
  readonly onDangling: (destination: DanglingDestination) => void;
  /** Told that a VirtualService is lowered at one of its places. */
  readonly onLowered?: () => void;
}
