/** Which Gateways are a proxy's, and what that makes of the proxy. */

import type { ProxyOptions } from "../../../options.ts";
import type { GatewaySpec, Resource, ResourceSet } from "../../resources/model.ts";
import { selects } from "../../services/labels.ts";
import { byAge } from "../../services/order.ts";
import { labelsOfProxy } from "../../services/proxy-labels.ts";
import type { Scope } from "../../services/scope.ts";

/** The Gateways that select this proxy, the oldest first. A selector that is missing or empty selects every proxy. */
export function selectedGateways({ gateways }: ResourceSet, options: ProxyOptions): Resource<GatewaySpec>[] {
  const labels = labelsOfProxy(options);
  return [...gateways].sort(byAge).filter(({ spec }) => selects(spec.selector, labels));
}

/**
 * What istiod would call the proxy. One that serves Gateways is a router, unless it has a sidecar's listeners too: both
 * in one Envoy is nothing that Istio knows.
 */
export function scopeOf(resources: ResourceSet, options: ProxyOptions): Scope {
  return options.meshListeners || selectedGateways(resources, options).length === 0 ? "sidecar" : "router";
}
