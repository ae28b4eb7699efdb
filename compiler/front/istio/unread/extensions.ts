/** What is patched or plugged into Istio's proxies: EnvoyFilter and WasmPlugin. Either may do anything to a request. */

import type { Role } from "../../../ir/ir.ts";
import type { Resource } from "../../resources/model.ts";
import { fieldOf, itemsOf, textsOf } from "../../resources/unchecked-fields.ts";
import { selectsByLabels, selectsByPolicy } from "../context/policy-selection.ts";
import type { PolicyTarget } from "../context/policy-target.ts";
import type { UnreadResource } from "./unread-resource.ts";

const BOTH: readonly Role[] = ["gateway", "mesh"];

/** `configPatches[].match.context`; what is inbound is a server's. */
const ROLES_BY_CONTEXT: Readonly<Record<string, readonly Role[]>> = {
  ANY: BOTH,
  GATEWAY: ["gateway"],
  SIDECAR_OUTBOUND: ["mesh"],
};

export function envoyFilters(filters: readonly Resource<unknown>[], proxy: PolicyTarget): UnreadResource[] {
  return filters
    .filter((filter) =>
      fieldOf(filter.spec, "workloadSelector") === undefined
        ? selectsByPolicy(filter, proxy)
        : selectsByLabels(filter, textsOf(filter.spec, "workloadSelector", "labels"), proxy),
    )
    .map((resource) => ({
      resource,
      effect: "changes",
      what: "patches the configuration of this proxy",
      roles: rolesOfPatches(resource),
    }));
}

function rolesOfPatches({ spec }: Resource<unknown>): Role[] {
  const contexts = itemsOf(spec, "configPatches").map((patch) =>
    String(fieldOf(patch, "match", "context") ?? "ANY"),
  );
  return [...new Set(contexts.flatMap((context) => ROLES_BY_CONTEXT[context] ?? []))];
}

export function wasmPlugins(plugins: readonly Resource<unknown>[], proxy: PolicyTarget): UnreadResource[] {
  return plugins
    .filter((plugin) => selectsByPolicy(plugin, proxy) && isForClients(plugin))
    .map((resource) => ({
      resource,
      effect: "changes",
      what: "runs a filter of its own in this proxy",
      roles: BOTH,
    }));
}

/** A gateway counts as a client, as do outbound listeners. */
function isForClients({ spec }: Resource<unknown>): boolean {
  const matches = itemsOf(spec, "match");
  return matches.length === 0 || matches.some((match) => fieldOf(match, "mode") !== "SERVER");
}
