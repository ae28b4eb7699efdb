/**
 * `localityLbSetting` and `zoneAwareLbSetting`: which endpoints come first, and how much each place gets, as seen from where this proxy runs.
 * Source: istiod's `loadbalancer` package. Mesh-wide, locality load balancing is on, as Istio ships it; so failing over
 * by locality needs no more than outlier detection, without which nothing ever fails; `meshConfig` may say otherwise.
 */

import type { Cluster, Endpoint } from "../../../ir/ir.ts";
import type { ProxyOptions } from "../../../options.ts";
import type { LocalityLbSetting, ZoneAwareLbSetting } from "../../resources/types.ts";
import { type Labels, labelValue } from "../../services/labels.ts";
import { type Locality, NETWORK_LABEL } from "../../services/locality.ts";
import { labelsOfProxy, localityOfProxy } from "../../services/proxy-labels.ts";
import type { Service, ServiceEndpoint } from "../../services/service.ts";
import type { EffectivePolicy } from "../destination-rules/traffic-policy.ts";
import { type LocalityOfMesh, localitySetting } from "./locality-setting.ts";

/** Endpoints of one locality and one priority: what Envoy weighs and orders. */
interface Group {
  readonly locality: Locality;
  readonly endpoints: readonly ServiceEndpoint[];
  readonly priority: number;
  readonly weight: number;
}

export interface PlacedEndpoints {
  readonly endpoints: readonly Endpoint[];
  readonly byLocalityWeight?: true;
  readonly zoneAware?: NonNullable<Cluster["zoneAware"]>;
}

const NOWHERE: Locality = { region: "", zone: "", subZone: "" };

/** What has a say besides the policy. */
export interface Surroundings {
  /** Of the service. */
  readonly prefers?: Service["prefers"];
  readonly ofMesh?: LocalityOfMesh;
  /** Endpoints are asked whether they are well, so a failover that is written needs no outlier detection. */
  readonly isChecked?: boolean;
}

type LocalityPolicy = Pick<EffectivePolicy, "loadBalancer" | "outlierDetection">;

export function placeEndpoints(
  endpoints: readonly ServiceEndpoint[],
  policy: LocalityPolicy,
  proxy: ProxyOptions,
  { prefers, ofMesh = {}, isChecked = false }: Surroundings = {},
): PlacedEndpoints {
  const groups = byLocality(endpoints);
  const effective = localitySetting(policy, prefers, ofMesh);
  if (effective.kind === "zoneAware") {
    return placeByRegion(groups, effective.setting, proxy);
  }
  const { setting, isPreference } = effective;
  const { distribute = [], failover = [], failoverPriority = [] } = setting;
  if (setting.enabled === false) {
    return { endpoints: flatten(groups) };
  }
  if (distribute.length > 0) {
    return {
      endpoints: flatten(distributed(groups, distribute, localityOfProxy(proxy) ?? NOWHERE)),
      byLocalityWeight: true,
    };
  }
  const isWritten = failover.length > 0 || failoverPriority.length > 0;
  const isWatched = policy.outlierDetection !== undefined || (isChecked && isWritten);
  if (!isWatched && !isPreference) {
    return { endpoints: flatten(groups) };
  }
  return {
    endpoints: flatten(prioritised(groups, setting, proxy)),
    ...(isWritten && { byLocalityWeight: true }),
  };
}

/** Whether endpoints are not placed alike for all proxies. */
export function asksWhereProxyIs(
  policy: LocalityPolicy,
  { prefers, ofMesh = {}, isChecked = false }: Surroundings,
): boolean {
  const effective = localitySetting(policy, prefers, ofMesh);
  if (effective.kind === "zoneAware") {
    return effective.setting.enabled !== false;
  }
  const { distribute = [] } = effective.setting;
  return policy.outlierDetection !== undefined || prefers !== undefined || isChecked || distribute.length > 0;
}

/** Among the zones of one region, Envoy chooses itself. */
function placeByRegion(
  groups: readonly Group[],
  { enabled = true, minClusterSize, failover = [], failoverPriority = [] }: ZoneAwareLbSetting,
  proxy: ProxyOptions,
): PlacedEndpoints {
  const zoneAware = { enabled, ...(minClusterSize !== undefined && { minClusterSize }) };
  if (!enabled) {
    return { endpoints: flatten(groups), zoneAware };
  }
  const own = localityOfProxy(proxy) ?? NOWHERE;
  const byRegion = byLabels(groups, failoverPriority, proxy).map((group) => ({
    ...group,
    priority: group.priority * REGION_PRIORITIES + regionPriority(own, group.locality, failover),
  }));
  return { endpoints: flatten(withoutGaps(byRegion)), zoneAware };
}

const REGION_PRIORITIES = 3;

/** The own region, then the one that failover names for it, then all others. */
function regionPriority(
  own: Locality,
  other: Locality,
  failover: NonNullable<ZoneAwareLbSetting["failover"]>,
): number {
  if (own.region === other.region) {
    return 0;
  }
  return regionAfter(own, failover) === other.region ? 1 : 2;
}

/** The region that failover names for the own one; undefined: none. */
function regionAfter(
  own: Locality,
  failover: NonNullable<LocalityLbSetting["failover"]>,
): string | undefined {
  const named = failover.find(({ from }) => (from ?? "") === own.region);
  return named && (named.to ?? "");
}

function byLocality(endpoints: readonly ServiceEndpoint[]): Group[] {
  const keyOf = ({ locality }: ServiceEndpoint) => {
    const { region, zone, subZone } = locality ?? NOWHERE;
    return JSON.stringify([region, zone, subZone]);
  };
  return [...grouped(endpoints, keyOf).values()].map((group) => newGroup(group, 0));
}

function grouped<Key>(
  endpoints: readonly ServiceEndpoint[],
  keyOf: (endpoint: ServiceEndpoint) => Key,
): Map<Key, ServiceEndpoint[]> {
  const groups = new Map<Key, ServiceEndpoint[]>();
  for (const endpoint of endpoints) {
    const key = keyOf(endpoint);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, [endpoint]);
    } else {
      group.push(endpoint);
    }
  }
  return groups;
}

function newGroup(endpoints: readonly ServiceEndpoint[], priority: number): Group {
  return {
    locality: endpoints[0]?.locality ?? NOWHERE,
    endpoints,
    priority,
    weight: endpoints.reduce((sum, { weight }) => sum + weight, 0),
  };
}

/** The first entry that this proxy is in says how much each place gets; places that it does not name get nothing. */
function distributed(
  groups: readonly Group[],
  distribute: NonNullable<LocalityLbSetting["distribute"]>,
  own: Locality,
): readonly Group[] {
  const entry = distribute.find(({ from }) => covers(from ?? "", own));
  if (entry === undefined) {
    return groups;
  }
  const result: Group[] = [];
  let rest = groups;
  for (const [place, share] of Object.entries(entry.to ?? {})) {
    const inside = rest.filter(({ locality }) => covers(place, locality));
    rest = rest.filter((group) => !inside.includes(group));
    const total = inside.reduce((sum, { weight }) => sum + weight, 0);
    result.push(...inside.map((group) => ({ ...group, weight: Math.ceil((group.weight * share) / total) })));
  }
  return result;
}

/** `region/zone/subzone`, where a part may be missing or `*`. */
function covers(place: string, { region, zone, subZone }: Locality): boolean {
  const [first = "", second = "", third = ""] = place.split("/");
  return (
    (first === "*" || first === region) &&
    (second === "*" || second === "" || second === zone) &&
    (third === "*" || third === "" || third === subZone)
  );
}

function prioritised(
  groups: readonly Group[],
  { failover = [], failoverPriority = [] }: LocalityLbSetting,
  proxy: ProxyOptions,
): readonly Group[] {
  const own = localityOfProxy(proxy) ?? NOWHERE;
  const byLabel = byLabels(groups, failoverPriority, proxy);
  if (failoverPriority.length > 0 && failover.length === 0) {
    return byLabel;
  }
  return withoutGaps(
    byLabel.map((group) => ({
      ...group,
      priority: group.priority * LOCALITY_PRIORITIES + localityPriority(own, group.locality, failover),
    })),
  );
}

function byLabels(
  groups: readonly Group[],
  failoverPriority: readonly string[],
  proxy: ProxyOptions,
): readonly Group[] {
  const labels = labelsOfProxy(proxy);
  // A proxy without labels has nothing to compare.
  return failoverPriority.length > 0 && Object.keys(labels).length > 0
    ? withoutGaps(groups.flatMap((group) => splitByLabels(group, labels, failoverPriority)))
    : groups;
}

const LOCALITY_PRIORITIES = 5;

/** The nearer, the earlier; of other regions, the one that failover names for ours before the rest. */
function localityPriority(
  own: Locality,
  other: Locality,
  failover: NonNullable<LocalityLbSetting["failover"]>,
): number {
  if (own.region === other.region) {
    return own.zone !== other.zone ? 2 : own.subZone !== other.subZone ? 1 : 0;
  }
  const next = regionAfter(own, failover);
  return next === undefined || next === other.region ? 3 : 4;
}

/** The more of the labels, in their order, an endpoint shares with the proxy, the earlier it comes. */
function splitByLabels(group: Group, proxyLabels: Labels, names: readonly string[]): Group[] {
  const byPriority = grouped(group.endpoints, ({ labels }) => labelPriority(labels, proxyLabels, names));
  return [...byPriority].map(([priority, endpoints]) => newGroup(endpoints, priority));
}

function labelPriority(labels: Labels, proxyLabels: Labels, names: readonly string[]): number {
  let later = 0;
  for (const [index, entry] of names.entries()) {
    const [name = "", ...values] = entry.split("=");
    const wanted = values.length === 1 ? values[0]! : labelValue(proxyLabels, name);
    if (wanted === labelValue(labels, name)) {
      continue;
    }
    // Another network puts off all that its endpoints have in common with us, and the rest is compared still.
    if (index === 0 && name === NETWORK_LABEL) {
      later = names.length;
      continue;
    }
    return later + names.length - index;
  }
  return later;
}

/** The same order with the numbers 0, 1, 2, …, as Envoy wants them. */
function withoutGaps(groups: readonly Group[]): Group[] {
  const used = [...new Set(groups.map(({ priority }) => priority))].sort((a, b) => a - b);
  return groups.map((group) => ({ ...group, priority: used.indexOf(group.priority) }));
}

function flatten(groups: readonly Group[]): Endpoint[] {
  return groups.flatMap((group) => {
    const own = group.endpoints.reduce((sum, { weight }) => sum + weight, 0);
    return group.endpoints.map(({ address, port, weight, locality, unready, healthPort }) => ({
      address,
      port,
      weight,
      ...(locality && { locality }),
      ...(unready && { unhealthy: true }),
      ...(healthPort !== undefined && { healthPort }),
      ...(group.priority > 0 && { priority: group.priority }),
      ...(group.weight !== own && { localityWeight: group.weight }),
    }));
  });
}
