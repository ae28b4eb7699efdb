/**
 * The ports on which a gateway's Pod listens, as its own Service has them: a Gateway names the Service's port, and the
 * Service sends that to its `targetPort` (`resolvePorts` of istiod).
 */

import type { Resource, ResourceSet, ServiceSpec } from "../resources/model.ts";
import { containerPorts } from "./known-pods.ts";
import { type Labels, selects } from "./labels.ts";
import { byAge } from "./order.ts";
import { kubernetesProtocol } from "./protocol.ts";

/** With it a Service says that Gateways name the ports of the Pod. */
const NOT_TRANSLATED_LABEL = "experimental.istio.io/disable-gateway-port-translation";

interface Proxy {
  readonly proxyNamespace: string;
  readonly proxyLabels: Labels;
}

/** By the Service's port. Of several Services the oldest decides; what none has is bound as it is. */
export function gatewayPorts(resources: ResourceSet, proxy: Proxy): ReadonlyMap<number, number> {
  const ports = new Map<number, number>();
  const own = resources.services.filter((service) => isOf(service, proxy)).sort(byAge);
  for (const service of own) {
    const taken = new Set<string>();
    for (const port of service.spec.ports ?? []) {
      const target = targetOf(port, service, resources, proxy);
      const key = `${target} ${kubernetesProtocol(port)}`;
      // Of two ports that lead to one, istiod knows the first alone.
      if (target !== undefined && !taken.has(key)) {
        taken.add(key);
        ports.set(port.port, ports.get(port.port) ?? target);
      }
    }
  }
  return ports;
}

function isOf({ namespace, labels, spec }: Resource<ServiceSpec>, proxy: Proxy): boolean {
  const { selector = {} } = spec;
  return (
    namespace === proxy.proxyNamespace &&
    labels[NOT_TRANSLATED_LABEL] === undefined &&
    Object.keys(selector).length > 0 &&
    selects(selector, proxy.proxyLabels)
  );
}

/** A name is that of a container's port, in a Pod that the Service selects or in a template of one. */
function targetOf(
  { port, protocol = "TCP", targetPort }: NonNullable<ServiceSpec["ports"]>[number],
  { spec }: Resource<ServiceSpec>,
  resources: ResourceSet,
  { proxyNamespace }: Proxy,
): number | undefined {
  return typeof targetPort === "string" && targetPort !== ""
    ? containerPorts(resources, proxyNamespace, spec.selector ?? {}).find(
        (one) => one.name === targetPort && one.protocol === protocol,
      )?.port
    : targetPort || port;
}
