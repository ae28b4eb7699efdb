/** SL0401, SL0402, SL0403: a rule sends to a host, a port or a subset that is not there. */

import { nearest } from "../../../diagnostics/nearest.ts";
import type { FieldPath } from "../../resources/model.ts";
import type { Refused } from "../../services/refused.ts";
import { didYouMean, type Report } from "../../services/report.ts";
import type { DanglingDestination } from "../context/dangling-destination.ts";
import { EGRESS_PROXY } from "../rules/resolve-destination.ts";
import type { Viewer } from "./viewer.ts";

/** Of what was refused, enough is said with that. */
export function reportDestinations(viewer: Viewer, refused: Refused, report: Report): void {
  for (const dangling of viewer.danglingDestinations()) {
    const { host, service, missing } = dangling.resolved;
    const name = service?.host ?? host;
    for (const what of missing) {
      if (what === "subset" ? !refused.hasPolicyFor(name) : !refused.hasHost(name)) {
        REPORTS[what](dangling, viewer, report);
      }
    }
  }
}

const REPORTS = { host: reportHost, port: reportPort, subset: reportSubset } as const;

function reportHost(
  { resource, path, resolved: { host, alias } }: DanglingDestination,
  viewer: Viewer,
  report: Report,
) {
  const whose = alias === undefined ? "" : `, which the ExternalName Service "${alias}" stands for`;
  report(
    "SL0401",
    `no service has the host "${host}"${whose}; ${fateAt(path)}`,
    resource.spanOf([...path, "host"]),
    () => {
      if (alias !== undefined) {
        return { help: `Add a ServiceEntry for ${host}, and send to that.` };
      }
      const hosts = viewer.hosts();
      const long = isEgressProxy(path) ? hosts.find((known) => known.startsWith(`${host}.`)) : undefined;
      return long === undefined
        ? didYouMean(nearest(host, hosts))
        : { help: `A Sidecar does not expand short names; write ${long}.` };
    },
  );
}

function reportPort(
  { resource, path, resolved }: DanglingDestination,
  _viewer: Viewer,
  report: Report,
): void {
  const { host, service, port } = resolved;
  const ports = (service?.ports ?? []).map(({ number }) => String(number));
  report(
    "SL0402",
    `"${service?.host ?? host}" has no port ${port}; ${fateAt(path)}`,
    resource.spanOf([...path, "port", "number"]),
    () => (ports.length === 0 ? {} : { help: `Its ports are ${ports.join(", ")}.`, lists: [ports] }),
  );
}

function reportSubset(dangling: DanglingDestination, viewer: Viewer, report: Report): void {
  const { resource, path, resolved } = dangling;
  const { host, service, subset } = resolved;
  report(
    "SL0403",
    `no DestinationRule defines a subset "${subset}" of "${service?.host ?? host}"; ${fateAt(path)}`,
    resource.spanOf([...path, "subset"]),
    () => {
      const defined = viewer.subsetNames(dangling);
      const near = nearest(subset, defined);
      if (near !== undefined || defined.length === 0) {
        return didYouMean(near);
      }
      return { help: `Its subsets are ${defined.join(", ")}.`, lists: [defined] };
    },
  );
}

/** What becomes of what is sent there. */
function fateAt(path: FieldPath): string {
  if (isEgressProxy(path)) {
    return "requests for hosts that are not registered will get a 503";
  }
  const [, kind, , field] = path;
  if (kind !== "http") {
    return "connections to it will be closed";
  }
  return field === "route" ? "requests to it will get a 503" : "copies for it will be lost";
}

function isEgressProxy(path: FieldPath): boolean {
  return path.at(-1) === EGRESS_PROXY.at(-1);
}
