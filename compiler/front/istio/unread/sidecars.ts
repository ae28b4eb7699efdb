/**
 * What is not read of Sidecars: whatever is about connections that come in, for which there are no listeners here; and all of them
 * where this proxy serves Gateways beside the mesh, which is nothing that Istio knows.
 */

import type { OutboundPolicy, ProxyOptions } from "../../../options.ts";
import type { Resource, ResourceSet, SidecarSpec } from "../../resources/model.ts";
import { meshDocuments } from "../../services/mesh-settings.ts";
import { outboundPolicyOf } from "../context/outbound-policy.ts";
import { selectsByLabels } from "../context/policy-selection.ts";
import type { PolicyTarget } from "../context/policy-target.ts";
import { sidecarScope } from "../context/sidecar-scope.ts";
import type { UnreadResource } from "./unread-resource.ts";

export function unreadSidecars(
  resources: ResourceSet,
  proxy: PolicyTarget,
  options: ProxyOptions,
): UnreadResource[] {
  const { settings } = meshDocuments(resources);
  if (proxy.gateways.size > 0) {
    const policy = outboundPolicyOf(options, settings);
    return resources.sidecars
      .filter((sidecar) => selectsByLabels(sidecar, sidecar.spec.workloadSelector?.labels ?? {}, proxy))
      .flatMap((sidecar) => besideGateways(sidecar, policy));
  }
  const resource = sidecarScope(resources, options, settings)?.resource;
  const isAboutInbound =
    (resource?.spec.ingress?.length ?? 0) > 0 || resource?.spec.inboundConnectionPool !== undefined;
  return resource !== undefined && isAboutInbound
    ? [
        {
          resource,
          effect: "changes",
          what: "decides how connections come in to its workloads",
          roles: ["mesh"],
        },
      ]
    : [];
}

function besideGateways(resource: Resource<SidecarSpec>, outboundPolicy: OutboundPolicy): UnreadResource[] {
  const { egress = [], outboundTrafficPolicy } = resource.spec;
  const { mode = "REGISTRY_ONLY", egressProxy } = outboundTrafficPolicy ?? {};
  const changesPolicy = outboundTrafficPolicy !== undefined && mode !== outboundPolicy;
  const isNarrow = egress.some(
    ({ hosts, port, bind }) => port !== undefined || bind !== undefined || !hosts.includes("*/*"),
  );
  const what = [
    ...(isNarrow ? ["limits the hosts that its workloads know"] : []),
    ...(changesPolicy ? [`has ${mode} for other hosts`] : []),
    ...(egressProxy ? [`sends requests for other hosts to ${egressProxy.host}`] : []),
  ].join(" and ");
  const help = changesPolicy ? { help: `Pass --outbound-policy ${mode}.` } : {};
  return what === "" ? [] : [{ resource, effect: "changes", what, ...help, roles: ["mesh"] }];
}
