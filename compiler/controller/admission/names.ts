/**
 * The names by which rules and services find one another. They say which objects a change can concern: two that have no name in
 * common know nothing of each other.
 */

import { parseJwksUri } from "../../front/istio/policies/token-keys.ts";
import { MESH, resolveGatewayName } from "../../front/istio/rules/gateway-names.ts";
import { destinationsOf } from "../../front/resources/destinations.ts";
import type { EndpointSliceSpec, Resource, VirtualServiceSpec } from "../../front/resources/model.ts";
import { fieldOf, itemsOf } from "../../front/resources/unchecked-fields.ts";
import { serviceOfSlice } from "../../front/services/endpoint-owners.ts";
import { resolveHost } from "../../front/services/host-names.ts";
import { kubernetesHost } from "../../front/services/kubernetes.ts";

export interface Names {
  /** Hosts that it defines, has a policy for, or leads to: in full, or with a wildcard. */
  readonly hosts: readonly string[];
  /** `namespace/name` of VirtualServices: its own, and those that it delegates to; `*` where it is for every host of the mesh. */
  readonly virtualServices: readonly string[];
  /** `namespace/name` of Gateways: its own, and those that it is for. */
  readonly gateways: readonly string[];
}

const EVERY_HOST = "*";

export const NO_NAMES: Names = { hosts: [], virtualServices: [], gateways: [] };

/** Of what its schema was content with. */
export function namesOf(resource: Resource<unknown>, domainSuffix: string): Names {
  const before = known.get(resource);
  if (before?.domainSuffix === domainSuffix) {
    return before.names;
  }
  const names = findNames(resource, domainSuffix);
  known.set(resource, { domainSuffix, names });
  return names;
}

/** Of thousands of resources, one has changed since they were asked for last. */
const known = new WeakMap<Resource<unknown>, { readonly domainSuffix: string; readonly names: Names }>();

function findNames(resource: Resource<unknown>, domainSuffix: string): Names {
  const { kind, namespace, name } = resource;
  const own = `${namespace}/${name}`;
  const resolve = (host: unknown) => resolveHost(String(host), namespace, domainSuffix);
  switch (kind) {
    case "VirtualService":
      return namesOfVirtualService(resource as Resource<VirtualServiceSpec>, own, resolve);
    case "DestinationRule":
      return { ...NO_NAMES, hosts: [resolve(fieldOf(resource.spec, "host") ?? "")] };
    case "ServiceEntry":
      return { ...NO_NAMES, hosts: itemsOf(resource.spec, "hosts").map(resolve) };
    case "RequestAuthentication":
      return { ...NO_NAMES, hosts: hostsOfKeys(resource.spec) };
    case "Gateway":
      return { ...NO_NAMES, gateways: [own] };
    case "Service": {
      const alias = fieldOf(resource.spec, "externalName");
      const host = kubernetesHost(resource, domainSuffix);
      return { ...NO_NAMES, hosts: typeof alias === "string" ? [host, resolve(alias)] : [host] };
    }
    default:
      return NO_NAMES;
  }
}

/** Where keys of tokens are fetched from. */
function hostsOfKeys(spec: unknown): string[] {
  return itemsOf(spec, "jwtRules").flatMap((rule) => {
    const uri = parseJwksUri(String(fieldOf(rule, "jwksUri") ?? fieldOf(rule, "jwks_uri") ?? ""));
    return typeof uri === "string" ? [] : [uri.host];
  });
}

/** The host of the service that endpoints are of. */
export function hostOfEndpoints(resource: Resource<unknown>, domainSuffix: string): string | undefined {
  const service =
    resource.kind === "EndpointSlice"
      ? serviceOfSlice(resource as Resource<EndpointSliceSpec>)
      : `${resource.namespace}/${resource.name}`;
  const [namespace = "", name = ""] = service?.split("/") ?? [];
  return name === "" ? undefined : resolveHost(name, namespace, domainSuffix);
}

function namesOfVirtualService(
  resource: Resource<VirtualServiceSpec>,
  own: string,
  resolve: (host: unknown) => string,
): Names {
  const { namespace, spec } = resource;
  const http = itemsOf(spec, "http");
  const delegates = http
    .map((rule) => [fieldOf(rule, "delegate", "namespace") ?? namespace, fieldOf(rule, "delegate", "name")])
    .filter(([, name]) => typeof name === "string");
  const rules = [...http, ...itemsOf(spec, "tls"), ...itemsOf(spec, "tcp")];
  const gateways = [spec, ...rules.flatMap((rule) => itemsOf(rule, "match"))].flatMap((one) =>
    itemsOf(one, "gateways"),
  );
  const destinations = [...destinationsOf(resource)].map(({ destination }) => resolve(destination.host));
  // That it answers for every host relates it to no service, but to others that do, in the mesh.
  const served = itemsOf(spec, "hosts")
    .map(resolve)
    .filter((host) => host !== EVERY_HOST);
  const isForAllOfMesh =
    itemsOf(spec, "hosts").includes(EVERY_HOST) && (gateways.length === 0 || gateways.includes(MESH));
  return {
    hosts: [...served, ...destinations],
    virtualServices: [
      own,
      ...delegates.map(([ofNamespace, name]) => `${ofNamespace}/${name}`),
      ...(isForAllOfMesh ? [EVERY_HOST] : []),
    ],
    gateways: gateways.map((name) => resolveGatewayName(String(name), namespace)),
  };
}
