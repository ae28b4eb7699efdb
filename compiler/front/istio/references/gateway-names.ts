/** SL0404 and SL0408: a VirtualService names a Gateway that is not there, or that serves none of its hosts. */

import { nearest } from "../../../diagnostics/nearest.ts";
import type { FaultlessList } from "../../../lists/faultless-list.ts";
import type { Resource, ResourceSet, VirtualServiceSpec } from "../../resources/model.ts";
import type { Refused } from "../../services/refused.ts";
import { didYouMean, type Report } from "../../services/report.ts";
import { isInternalGateway, MESH } from "../rules/gateway-names.ts";
import { resolvedNames } from "../rules/virtual-services.ts";
import type { GatewayInView, Viewer } from "./viewer.ts";

export function reportGatewayNames(
  viewer: Viewer,
  { gateways, neighbours }: ResourceSet,
  refused: Refused,
  { domainSuffix }: { readonly domainSuffix: string },
  served: FaultlessList,
  report: Report,
): void {
  // Those of Kubernetes are not ours to serve, but they exist.
  const existing = [...gateways, ...neighbours.filter(({ kind }) => kind === "Gateway")];
  const known = new Set(existing.map(({ namespace, name }) => `${namespace}/${name}`));
  const given = [domainSuffix, ...viewer.gateways.keys(), ...existing];
  served.lookThrough(viewer.virtualServices, given, (resource) => {
    const { hosts, gateways: names } = resolvedNames(resource, domainSuffix);
    let isServed = true;
    for (const [index, written] of (resource.spec.gateways ?? []).entries()) {
      if (written === MESH) {
        continue;
      }
      const name = names[index]!;
      const gateway = viewer.gateways.get(name);
      if (!known.has(name)) {
        isServed = false;
        // Istiod's own are in no file, and there all the same.
        if (isInternalGateway(written) || refused.has("Gateway", name)) {
          continue;
        }
        report("SL0404", `unknown Gateway ${name}`, resource.spanOf(["spec", "gateways", index]), () =>
          didYouMean(nearest(name, known)),
        );
      } else if (gateway !== undefined && hosts.length > 0) {
        isServed = reportUnserved(resource, hosts, name, gateway, report) && isServed;
      }
    }
    return isServed;
  });
}

/** Whether there is nothing to report. */
function reportUnserved(
  resource: Resource<VirtualServiceSpec>,
  hosts: readonly string[],
  name: string,
  gateway: GatewayInView,
  report: Report,
): boolean {
  if (gateway.hosts.intersect({ hosts, resource }).length > 0) {
    return true;
  }
  report("SL0408", `Gateway ${name} serves none of these hosts`, resource.spanOf(["spec", "hosts"]), () => ({
    related: [{ message: "its servers", span: gateway.span }],
    help: servedHosts(gateway.hosts.admittedFrom(resource.namespace)),
  }));
  return false;
}

/** A Gateway may have thousands. */
const MOST_NAMED = 10;

function servedHosts(served: readonly string[]): string {
  if (served.length === 0) {
    return "It serves no hosts for this namespace.";
  }
  const hosts = [...new Set(served)];
  const more = hosts.length > MOST_NAMED ? ` and ${hosts.length - MOST_NAMED} more` : "";
  return `It serves ${hosts.slice(0, MOST_NAMED).join(", ")}${more}.`;
}
