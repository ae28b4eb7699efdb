/**
 * The labels of this proxy, as rules compare them: those that it was given, and those that say where it is. istiod adds them to every
 * proxy (`AugmentLabels`), so that Gateways, Sidecars, `sourceLabels` and `failoverPriority` may name them.
 */

import type { ProxyOptions } from "../../options.ts";
import type { Labels } from "./labels.ts";
import {
  type Locality,
  labelledLocality,
  parseLocality,
  topologyLocality,
  withTopology,
} from "./locality.ts";

type Proxy = Pick<ProxyOptions, "proxyLabels" | "proxyLocality" | "clusterId" | "network">;

/** The option, else what the proxy's labels say; undefined: nothing is said. */
export function localityOfProxy({ proxyLocality, proxyLabels }: Proxy): Locality | undefined {
  return parseLocality(proxyLocality) ?? topologyLocality(proxyLabels) ?? labelledLocality(proxyLabels);
}

export function labelsOfProxy(proxy: Proxy): Labels {
  const known = made.get(proxy) ?? withTopology(proxy.proxyLabels, localityOfProxy(proxy), proxy);
  made.set(proxy, known);
  return known;
}

/** Options never change, and are asked for every rule that names labels. */
const made = new WeakMap<Proxy, Labels>();
