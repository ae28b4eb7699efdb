/** Where a workload runs, as labels of Kubernetes and of Istio tell it. */

import type { ProxyOptions } from "../../options.ts";
import type { Labels } from "./labels.ts";

export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subZone: string;
}

export const REGION_LABEL = "topology.kubernetes.io/region";
export const ZONE_LABEL = "topology.kubernetes.io/zone";
export const SUBZONE_LABEL = "topology.istio.io/subzone";
export const CLUSTER_LABEL = "topology.istio.io/cluster";
export const NETWORK_LABEL = "topology.istio.io/network";
export const HOSTNAME_LABEL = "kubernetes.io/hostname";
/** What Kubernetes called them before. */
const OLD_REGION = "failure-domain.beta.kubernetes.io/region";
const OLD_ZONE = "failure-domain.beta.kubernetes.io/zone";
/** The whole of it; labels cannot hold a slash, so a dot stands for one. */
const WHOLE = ["topology.istio.io/locality", "istio-locality"];

/** `region/zone/subzone`, the last two optional; nothing for an empty text. */
export function parseLocality(text: string): Locality | undefined {
  if (text === "") {
    return undefined;
  }
  const [region = "", zone = "", subZone = ""] = text.split("/");
  return { region, zone, subZone };
}

/** What a workload's own labels say of it. */
export function labelledLocality(labels: Labels): Locality | undefined {
  const name = WHOLE.find((candidate) => labels[candidate] !== undefined);
  const text = name === undefined ? "" : labels[name]!;
  return parseLocality(text.includes("/") ? text : text.replaceAll(".", "/"));
}

/** What the labels of the machine say. */
export function topologyLocality(labels: Labels): Locality | undefined {
  const region = labels[REGION_LABEL] ?? labels[OLD_REGION] ?? "";
  const zone = labels[ZONE_LABEL] ?? labels[OLD_ZONE] ?? "";
  const subZone = labels[SUBZONE_LABEL] ?? "";
  return region === "" && zone === "" && subZone === "" ? undefined : { region, zone, subZone };
}

/** Which cluster and which network a mesh's workloads are in that say nothing else of themselves. */
export type MeshPlace = Pick<ProxyOptions, "clusterId" | "network">;

/**
 * The labels of a workload with those that say where it is; subsets and priorities may name them. One that has the label of another
 * cluster keeps it: where istiod knows whose API server told it of a workload, a file can only say so.
 */
export function withTopology(
  labels: Labels,
  locality: Locality | undefined,
  { node = "", clusterId = "", network = "" }: Partial<MeshPlace> & { readonly node?: string } = {},
): Labels {
  const { region = "", zone = "", subZone = "" } = locality ?? {};
  const added = [
    ...([
      [REGION_LABEL, region],
      [ZONE_LABEL, zone],
      [SUBZONE_LABEL, subZone],
      [HOSTNAME_LABEL, node],
    ] as const),
    ...(labels[CLUSTER_LABEL] ? [] : ([[CLUSTER_LABEL, clusterId]] as const)),
    ...(labels[NETWORK_LABEL] ? [] : ([[NETWORK_LABEL, network]] as const)),
  ].filter(([, value]) => value !== "");
  return added.length === 0 ? labels : { ...labels, ...Object.fromEntries(added) };
}
