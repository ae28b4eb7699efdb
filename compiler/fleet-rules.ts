/** The rules of a workspace, as a fleet needs them. */

import type { FleetRules } from "./fleet/model/rules.ts";
import type { Workspace } from "./workspace.ts";

/** What a `Fleet` serves: the rules of a workspace, with the options of one of its proxies for whatever a proxy does not claim. */
export function fleetRules(workspace: Workspace, proxy?: string): FleetRules {
  return {
    defaults: workspace.options(proxy),
    read: () => workspace.snapshot(proxy),
    readAgain: (sources) => workspace.snapshotOf(sources, proxy),
    watch: (onChange) => workspace.watch(onChange),
  };
}
