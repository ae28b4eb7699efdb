/** `ServiceEntry`: one service for each of its hosts. */

import { isIP } from "node:net";
import type { Resource, ServiceEntrySpec } from "../resources/model.ts";
import { healthChecksOf } from "./health-checks.ts";
import { isWildcard } from "./host-names.ts";
import { parseProtocol } from "./protocol.ts";
import type { Service, ServiceEndpoint } from "./service.ts";
import { ownPort, placedLabels, workloadEndpoint } from "./workload-endpoint.ts";
import type { Workload, Workloads } from "./workloads.ts";

const DISCOVERIES: Readonly<Record<string, Service["discovery"]>> = {
  NONE: "originalDestination",
  DYNAMIC_DNS: "byAuthority",
  STATIC: "eds",
  DNS: "strictDns",
  DNS_ROUND_ROBIN: "logicalDns",
};

export function entryServices(resource: Resource<ServiceEntrySpec>, workloads: Workloads): Service[] {
  const { spec, namespace } = resource;
  // The schema knows no other.
  const resolved = DISCOVERIES[spec.resolution ?? "NONE"]!;
  const ports = spec.ports ?? [];
  const goesElsewhere = resolved === "originalDestination";
  const hasTargetPort = ports.some(({ targetPort }) => targetPort);
  const selected: readonly Pick<Workload, "entry" | "labels">[] =
    spec.workloadSelector !== undefined
      ? workloads.select(namespace, spec.workloadSelector.labels ?? {})
      : (spec.endpoints ?? []).map((entry) => ({
          entry,
          labels: placedLabels(entry, entry.labels ?? {}, workloads.place),
        }));
  const kin = kinOf(resource);
  const checks = healthChecksOf(resource);
  return (spec.hosts ?? []).map((written, index) => {
    const host = written.toLowerCase();
    // Where requests are meant for is here what they name: with a port of its own, that can be looked up beforehand.
    const discovery = goesElsewhere && hasTargetPort && !isWildcard(host) ? "logicalDns" : resolved;
    // Resolved by DNS and nobody listed or looked for: the host itself is the name to resolve.
    const isOwnName = goesElsewhere || (selected.length === 0 && !spec.workloadSelector);
    const backends =
      isOwnName && (discovery === "strictDns" || discovery === "logicalDns")
        ? [{ entry: { address: host }, labels: {} }]
        : selected;
    return {
      host,
      namespace,
      source: "serviceEntry",
      kin,
      ports: ports.map(({ number, name, protocol }) => ({ number, name, protocol: parseProtocol(protocol) })),
      addresses: (spec.addresses ?? []).flatMap(addressOrRange),
      headless: false,
      ...(goesElsewhere && { meshOnly: true as const }),
      ...(spec.location !== "MESH_INTERNAL" && { isExternal: true as const }),
      ...(spec.subjectAltNames?.length && { subjectAltNames: spec.subjectAltNames }),
      discovery,
      ...checks,
      endpoints: new Map(
        ports.map(({ number, name, targetPort }) => [
          number,
          askable(
            backends.flatMap(({ entry, labels }) =>
              workloadEndpoint(entry, labels, ownPort(entry, name) ?? (targetPort || number), {
                discovery,
                namespace,
              }),
            ),
            discovery,
          ),
        ]),
      ),
      span: resource.spanOf(["spec", "hosts", index]),
    };
  });
}

/** Where one address is asked at a time, Envoy takes one name. */
function askable(
  endpoints: readonly ServiceEndpoint[],
  discovery: Service["discovery"],
): readonly ServiceEndpoint[] {
  return discovery === "logicalDns" ? endpoints.slice(0, 1) : endpoints;
}

/** What two entries have to have in common to be put together. */
export function kinOf({ labels, spec }: Resource<ServiceEntrySpec>): string {
  const sorted = (map: Readonly<Record<string, string>> = {}) => Object.entries(map).sort();
  return JSON.stringify([
    sorted(labels),
    sorted(spec.workloadSelector?.labels),
    [...new Set(spec.exportTo)].sort(),
  ]);
}

/** A range of one address is that address. */
function addressOrRange(written: string): string[] {
  const [address = "", bits] = written.split("/", 2);
  const version = isIP(address);
  if (version === 0) {
    return [];
  }
  return bits === undefined || bits === (version === 4 ? "32" : "128") ? [address] : [written];
}
