/** A workload that a resource lists, or a selector finds, as an endpoint of a service. */

import { isIP } from "node:net";
import type { WorkloadEntrySpec } from "../resources/model.ts";
import type { Labels } from "./labels.ts";
import { type Locality, labelledLocality, type MeshPlace, parseLocality, withTopology } from "./locality.ts";
import { accountOf } from "./mesh-identities.ts";
import type { Service, ServiceEndpoint } from "./service.ts";
import { unixSocketPath } from "./unix-sockets.ts";

/** A port may be named as something that every object has. */
export function ownPort({ ports }: WorkloadEntrySpec, name: string): number | undefined {
  return ports !== undefined && Object.hasOwn(ports, name) ? ports[name] : undefined;
}

/** The labels of an entry with those that say where it is. */
export function placedLabels(entry: WorkloadEntrySpec, labels: Labels, place: MeshPlace): Labels {
  const network = entry.network || place.network;
  return withTopology(labels, localityOf(entry, labels), { ...place, network });
}

function localityOf({ locality = "" }: WorkloadEntrySpec, labels: Labels): Locality | undefined {
  return parseLocality(locality) ?? labelledLocality(labels);
}

/** With these labels, which say where it is, too. None of an address that such a service cannot have. */
export function workloadEndpoint(
  entry: WorkloadEntrySpec,
  labels: Labels,
  port: number,
  { discovery, namespace }: Pick<Service, "discovery" | "namespace">,
): ServiceEndpoint[] {
  const address = entry.address ?? "";
  // EDS takes addresses only; a WorkloadEntry may hold a name, which istiod drops there, too.
  const socket = unixSocketPath(address);
  const isSocket = socket !== undefined;
  if (address === "" || (isSocket ? discovery !== "eds" : discovery === "eds" && isIP(address) === 0)) {
    return [];
  }
  const locality = localityOf(entry, labels);
  const account = accountOf(namespace, entry.serviceAccount);
  return [
    {
      address: isSocket ? `unix:${socket}` : address,
      port: isSocket ? 0 : port,
      labels,
      weight: entry.weight || 1,
      ...(locality && { locality }),
      ...(account && { account }),
    },
  ];
}
