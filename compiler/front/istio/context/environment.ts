/** What rules are lowered against, for one proxy: the services, and the policies on them. */

import type { OutboundPolicy, ProxyOptions } from "../../../options.ts";
import type { ProxyConfigSpec, ResourceSet } from "../../resources/model.ts";
import { annotatedWorkloads } from "../../resources/proxy-annotations.ts";
import { gatewayPorts } from "../../services/gateway-ports.ts";
import type { Registry } from "../../services/registry.ts";
import type { ServiceIndex } from "../../services/service-index.ts";
import {
  NO_VIRTUAL_ADDRESSES,
  type VirtualAddresses,
  virtualAddresses,
} from "../../services/virtual-addresses.ts";
import type { Workloads } from "../../services/workloads.ts";
import { DestinationRules } from "../destination-rules/destination-rules.ts";
import { outboundPolicyOf } from "./outbound-policy.ts";
import { proxyConfigOf } from "./proxy-config.ts";
import { scopeOf } from "./selected-gateways.ts";
import type { MeshBase, SharedLowering } from "./shared-lowering.ts";
import { type SidecarScope, sidecarScope } from "./sidecar-scope.ts";

export interface Environment {
  /** What of it is the same for all proxies. */
  readonly base: MeshBase;
  readonly workloads: Workloads;
  readonly services: ServiceIndex;
  /** Of them, those that this proxy sees. */
  readonly registry: Registry;
  readonly destinationRules: DestinationRules;
  /** What keeps something from the mesh listeners of this proxy. */
  readonly sidecar: SidecarScope | undefined;
  /** What becomes of requests to the mesh for hosts that nobody registered. */
  readonly outboundPolicy: OutboundPolicy;
  /** What is said of this proxy itself, not of its rules. */
  readonly proxyConfig: ProxyConfigSpec;
  /** Of hosts that have none, where somebody resolves them so. */
  readonly virtualAddresses: VirtualAddresses;
  /** What a gateway's own Service makes of the ports that Gateways name. */
  readonly gatewayPorts: ReadonlyMap<number, number>;
}

export function makeEnvironment(
  resources: ResourceSet,
  options: ProxyOptions,
  shared: SharedLowering,
): Environment {
  const base = shared.baseOf(resources, options);
  const { workloads, services, destinationRules } = base;
  const { settings } = shared;
  const sidecar = sidecarScope(resources, options, settings);
  const scope = scopeOf(resources, options);
  const proxyConfig = proxyConfigOf(resources, options, settings);
  const all = services.servicesSeenFrom(options.proxyNamespace, scope);
  return {
    base,
    workloads,
    services,
    // Whatever a rule leads to that a Sidecar imports is known to istiod, imported or not.
    registry:
      sidecar === undefined
        ? shared.registryOf(all)
        : shared.registryOf(services.servicesSeenFrom(options.proxyNamespace, scope, sidecar.imports), all),
    destinationRules: new DestinationRules(destinationRules, options),
    sidecar,
    outboundPolicy: sidecar?.outboundPolicy ?? outboundPolicyOf(options, settings),
    proxyConfig,
    virtualAddresses: capturesDns(options, proxyConfig)
      ? virtualAddresses(resources.serviceEntries)
      : NO_VIRTUAL_ADDRESSES,
    gatewayPorts: gatewayPorts(resources, options),
  };
}

/** Whether clients learn names from here or, as istiod is told of it, from an agent beside the proxy. */
function capturesDns({ dns }: ProxyOptions, { proxyMetadata }: ProxyConfigSpec): boolean {
  const captured = proxyMetadata?.ISTIO_META_DNS_CAPTURE;
  return dns !== "" || captured === "true" || captured === "1";
}

/** All that the environment of a proxy is made of. Two lists with the same items make the same environment. */
export function ingredients(
  resources: ResourceSet,
  options: ProxyOptions,
  shared: SharedLowering,
): readonly unknown[] {
  return [
    options,
    shared.baseOf(resources, options),
    scopeOf(resources, options),
    ...[
      ...resources.sidecars,
      ...resources.proxyConfigs,
      ...annotatedWorkloads(resources).map(({ resource }) => resource),
    ].flatMap(({ document, span, offset }) => [document, span.file, offset]),
  ];
}
