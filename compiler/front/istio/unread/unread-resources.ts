/**
 * Resources that Istio's proxies obey and that nothing here reads, as far as they concern this proxy. Whoever asks what becomes of
 * a request has to be told that there is more; whoever serves requests must not let in what is denied. Not among them is
 * what decides no request: Telemetry (logs and metrics),
 * ReferenceGrant (part of the routes that it is for); and NetworkPolicy, which the network enforces whichever proxy runs.
 */

import type { ProxyOptions } from "../../../options.ts";
import { describeResource } from "../../resources/describe-resource.ts";
import type { ResourceSet } from "../../resources/model.ts";
import { annotatedWorkloads } from "../../resources/proxy-annotations.ts";
import type { Report } from "../../services/report.ts";
import { policyTarget } from "../context/policy-target.ts";
import { envoyFilters, wasmPlugins } from "./extensions.ts";
import { unreadMeshSettings } from "./mesh-settings.ts";
import { backendTlsPolicies, gatewayRoutes, ingresses } from "./other-routes.ts";
import { unreadProxyConfig } from "./proxy-config.ts";
import { authorizationPolicies, peerAuthentications } from "./security.ts";
import { unreadSidecars } from "./sidecars.ts";
import type { UnreadResource } from "./unread-resource.ts";

export function unreadResources(resources: ResourceSet, options: ProxyOptions): readonly UnreadResource[] {
  const { neighbours, sidecars, meshConfigs, proxyConfigs } = resources;
  const said = [neighbours, sidecars, meshConfigs, proxyConfigs, annotatedWorkloads(resources)];
  if (said.every(({ length }) => length === 0)) {
    return [];
  }
  const of = (...kinds: readonly string[]) => neighbours.filter(({ kind }) => kinds.includes(kind));
  const proxy = policyTarget(resources, options);
  const found = [
    ...authorizationPolicies(of("AuthorizationPolicy"), proxy),
    ...envoyFilters(of("EnvoyFilter"), proxy),
    ...wasmPlugins(of("WasmPlugin"), proxy),
    ...unreadSidecars(resources, proxy, options),
    ...unreadMeshSettings(resources.meshConfigs),
    ...unreadProxyConfig(resources, options),
    ...backendTlsPolicies(of("BackendTLSPolicy")),
  ].filter(({ roles }) => roles.some((role) => proxy.roles.includes(role)));
  return [
    ...found,
    ...gatewayRoutes(of("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"), neighbours, proxy),
    ...ingresses(of("Ingress"), proxy),
    ...peerAuthentications(of("PeerAuthentication")),
  ];
}

const CODES = {
  denies: "SL0112",
  changes: "SL0111",
  routes: "SL0113",
  demandsMutualTls: "SL0114",
} as const;

export function reportUnread(unread: readonly UnreadResource[], report: Report): void {
  for (const one of unread) {
    const { resource, effect, help } = one;
    report(CODES[effect], WORDS[effect](one), resource.spanOf(one.at ?? ["kind"]), () =>
      effect === "denies" ? { help: ENFORCE } : help === undefined ? {} : { help },
    );
  }
}

const ENFORCE =
  "Enforce it elsewhere, and say so: # sluice: ignore SL0112 and the reason, above this line, or --allow-unenforced for all of them.";

const WORDS: Readonly<Record<UnreadResource["effect"], (one: UnreadResource) => string>> = {
  denies: ({ resource, what }) =>
    `in Istio, ${describeResource(resource)} ${what}; Sluice does not enforce it`,
  changes: ({ resource, what }) => `in Istio, ${describeResource(resource)} ${what}; Sluice does not read it`,
  routes: ({ resource, what }) => `in Istio, ${describeResource(resource)} ${what}; Sluice does not read it`,
  demandsMutualTls: ({ resource, what }) => `${describeResource(resource)} ${what}`,
};
