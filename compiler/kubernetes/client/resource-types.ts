/** The kinds that are read from a cluster, and the paths under which its API server has them. */

/** A kind as the API server names it. */
export interface ResourceType {
  /** Empty: the core group. */
  readonly group: string;
  readonly version: string;
  /** In lower case, as it stands in paths and in RBAC rules. */
  readonly plural: string;
  readonly kind: string;
  /** Whether its objects belong to a namespace. */
  readonly namespaced: boolean;
}

function type(group: string, version: string, plural: string, kind: string, namespaced = true): ResourceType {
  return { group, version, plural, kind, namespaced };
}

const NETWORKING = "networking.istio.io";

/** By kind; of Istio's the version that every supported release serves. */
export const RESOURCE_TYPES = {
  VirtualService: type(NETWORKING, "v1", "virtualservices", "VirtualService"),
  DestinationRule: type(NETWORKING, "v1", "destinationrules", "DestinationRule"),
  ServiceEntry: type(NETWORKING, "v1", "serviceentries", "ServiceEntry"),
  Gateway: type(NETWORKING, "v1", "gateways", "Gateway"),
  WorkloadEntry: type(NETWORKING, "v1", "workloadentries", "WorkloadEntry"),
  WorkloadGroup: type(NETWORKING, "v1", "workloadgroups", "WorkloadGroup"),
  Sidecar: type(NETWORKING, "v1", "sidecars", "Sidecar"),
  ProxyConfig: type(NETWORKING, "v1beta1", "proxyconfigs", "ProxyConfig"),
  RequestAuthentication: type("security.istio.io", "v1", "requestauthentications", "RequestAuthentication"),
  Service: type("", "v1", "services", "Service"),
  EndpointSlice: type("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"),
  Pod: type("", "v1", "pods", "Pod"),
  Node: type("", "v1", "nodes", "Node", false),
  Secret: type("", "v1", "secrets", "Secret"),
  ConfigMap: type("", "v1", "configmaps", "ConfigMap"),
  Lease: type("coordination.k8s.io", "v1", "leases", "Lease"),
  Event: type("events.k8s.io", "v1", "events", "Event"),
} as const satisfies Readonly<Record<string, ResourceType>>;

/**
 * Istio's kinds that decide what a proxy does, in the order in which their documents are read. Whatever is done with rules in a cluster
 * is done with all of these: they are watched, reviewed before they are applied, told what became of them, and a server's account
 * may do that.
 */
export const RULE_KINDS = [
  "Gateway",
  "VirtualService",
  "DestinationRule",
  "ServiceEntry",
  "WorkloadEntry",
  "WorkloadGroup",
  "Sidecar",
  "ProxyConfig",
  "RequestAuthentication",
] as const satisfies readonly (keyof typeof RESOURCE_TYPES)[];

export const RULE_TYPES: readonly ResourceType[] = RULE_KINDS.map((kind) => RESOURCE_TYPES[kind]);

/** Whether objects are rules; another group may have a kind of the same name. */
export function isRule({ group, kind }: Pick<ResourceType, "group" | "kind">): boolean {
  return RULE_TYPES.some((type) => type.group === group && type.kind === kind);
}

/** The types of each group; groups in the order of their first. */
export function byGroup(types: readonly ResourceType[]): ReadonlyMap<string, readonly ResourceType[]> {
  const groups = [...new Set(types.map(({ group }) => group))];
  return new Map(groups.map((group) => [group, types.filter((type) => type.group === group)]));
}

/** `apiVersion` of its objects. */
export function apiVersionOf({ group, version }: ResourceType): string {
  return group === "" ? version : `${group}/${version}`;
}

/** Which objects of a kind: those of all namespaces, of one, or one of them. */
export interface ObjectPlace {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** The path of a list, or of the object that `place` names. */
export function pathOf(
  { group, version, plural }: ResourceType,
  { namespace, name }: ObjectPlace = {},
): string {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const inNamespace = namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${inNamespace}/${plural}${name === undefined ? "" : `/${encodeURIComponent(name)}`}`;
}
