/** How the endpoints of a cluster are watched, whoever is sent there. A table: what is added to it is compared. */

import { healthCheckText } from "../../ir/health-check-text.ts";
import type { Cluster, Config } from "../../ir/ir.ts";
import { changesBy, type Settings } from "./settings.ts";

/** Of a cluster that both sides have. Absent: it has none. */
export interface ClusterSettingChange {
  readonly cluster: string;
  /** As people call it. */
  readonly setting: string;
  readonly before?: string;
  readonly after?: string;
}

const SETTINGS: Settings<Cluster> = {
  "health check": ({ healthCheck, discovery }) =>
    healthCheck && healthCheckText(healthCheck, discovery.endpoints),
};

export function changedClusterSettings(before: Config, after: Config): ClusterSettingChange[] {
  return changesBy(SETTINGS, before.clusters, after.clusters).map(({ name, ...change }) => ({
    cluster: name,
    ...change,
  }));
}
