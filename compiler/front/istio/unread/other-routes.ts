/**
 * Rules of other interfaces that Istio's proxies obey beside VirtualServices: routes of the Gateway API, and Ingress. A Gateway of
 * Kubernetes is served by Pods of its own, and asks nothing of requests by itself: of it, its routes are told.
 */

import type { Role } from "../../../ir/ir.ts";
import type { Resource } from "../../resources/model.ts";
import { fieldOf, itemsOf } from "../../resources/unchecked-fields.ts";
import { servesGateway } from "../context/policy-selection.ts";
import type { PolicyTarget } from "../context/policy-target.ts";
import type { UnreadResource } from "./unread-resource.ts";

/** `neighbours`: with the Gateways that the routes are for, as far as they are there. */
export function gatewayRoutes(
  routes: readonly Resource<unknown>[],
  neighbours: readonly Resource<unknown>[],
  proxy: PolicyTarget,
): UnreadResource[] {
  const foreign = new Set(
    neighbours.filter(isForeignGateway).map(({ namespace, name }) => `${namespace}/${name}`),
  );
  return routes.flatMap((resource): UnreadResource[] => {
    const parents = itemsOf(resource.spec, "parentRefs").map((parent) =>
      rolesAt(parent, resource, foreign, proxy),
    );
    const obeyed = parents.filter((roles) => roles !== undefined);
    return obeyed.length === 0
      ? []
      : [
          {
            resource,
            effect: "routes",
            what: "routes requests",
            help: "Write it as a VirtualService.",
            roles: [...new Set(obeyed.flat())],
          },
        ];
  });
}

/** Of this proxy, the listeners whose requests a route decides for this parent; undefined where no proxy of Istio's obeys it. */
function rolesAt(
  parent: unknown,
  route: Resource<unknown>,
  foreign: ReadonlySet<string>,
  proxy: PolicyTarget,
): Role[] | undefined {
  const namespace = String(fieldOf(parent, "namespace") ?? route.namespace);
  const name = String(fieldOf(parent, "name"));
  switch (fieldOf(parent, "kind") ?? "Gateway") {
    case "Gateway":
      if (foreign.has(`${namespace}/${name}`)) {
        return undefined;
      }
      return servesGateway(namespace, name, proxy) ? ["gateway"] : [];
    case "Service":
    case "ServiceEntry":
      // That of the service's own namespace is for all clients, another one's for its own.
      return namespace === route.namespace || route.namespace === proxy.namespace ? ["mesh"] : undefined;
    default:
      return undefined;
  }
}

/** One of another implementation. */
function isForeignGateway({ kind, spec }: Resource<unknown>): boolean {
  const implementation = fieldOf(spec, "gatewayClassName");
  return kind === "Gateway" && typeof implementation === "string" && !implementation.startsWith("istio");
}

/** Istio obeys those that name it (`ingressControllerMode: STRICT`), at its own ingress gateway. */
export function ingresses(all: readonly Resource<unknown>[], proxy: PolicyTarget): UnreadResource[] {
  return all
    .filter(
      ({ spec, annotations }) =>
        (fieldOf(spec, "ingressClassName") ?? annotations["kubernetes.io/ingress.class"]) === "istio",
    )
    .map((resource) => ({
      resource,
      effect: "routes",
      what: "routes requests",
      help: "Write it as a Gateway and a VirtualService.",
      roles: proxy.labels.istio === "ingressgateway" ? ["gateway"] : [],
    }));
}

/** How an Istio gateway connects to services. */
export function backendTlsPolicies(all: readonly Resource<unknown>[]): UnreadResource[] {
  return all.map((resource) => ({
    resource,
    effect: "changes",
    what: "makes connections to its services begin with TLS",
    help: "Write it as a DestinationRule with trafficPolicy.tls.",
    roles: ["gateway"],
  }));
}
