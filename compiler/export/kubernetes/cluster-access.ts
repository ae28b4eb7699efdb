/**
 * What the account of a server may do in a cluster whose rules it reads: to list and watch exactly what it reads, to write the status of
 * rules and Events about them, to hold its Lease. Of Secrets only those that rules name.
 */

import type { ResourceSet } from "../../front/resources/model.ts";
import {
  byGroup,
  RESOURCE_TYPES,
  type ResourceType,
  RULE_TYPES,
} from "../../kubernetes/client/resource-types.ts";
import { namedSecrets } from "../../kubernetes/source/named-secrets.ts";
import type { Workload } from "./manifest.ts";
import type { Resources } from "./manifests.ts";

export interface ClusterAccess {
  readonly server: Workload;
  /** That of the server's account. */
  readonly namespace: string;
  /** Whose objects are read; absent: those of all. */
  readonly namespaces?: readonly string[];
  /** What the rules of today say. */
  readonly resources: ResourceSet;
}

interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const { Service, EndpointSlice, Pod, Node, Secret, ConfigMap, Lease, Event } = RESOURCE_TYPES;
const READ = ["list", "watch"];

/** By the names of their files. */
export function clusterAccess(options: ClusterAccess): Resources {
  const { server, namespace, namespaces } = options;
  const everywhere = [
    ...rule([Node], READ),
    // The settings of the mesh, which are in the namespace of Istio. A Role there could not be applied where there is none.
    ...rule([ConfigMap], READ, ["istio"]),
  ];
  const account = { kind: "ServiceAccount", name: server.name, namespace };
  const name = `${server.name}.${namespace}`;
  const bound = (kind: "ClusterRole" | "Role", own: string, rules: readonly PolicyRule[], where?: string) => [
    {
      apiVersion: RBAC,
      kind,
      metadata: { name: own, ...(where !== undefined && { namespace: where }), labels: server.labels },
      rules,
    },
    {
      apiVersion: RBAC,
      kind: `${kind}Binding`,
      metadata: { name: own, ...(where !== undefined && { namespace: where }), labels: server.labels },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: own },
      subjects: [account],
    },
  ];
  const files: Record<string, object> = {};
  const add = (file: string, [role, binding]: readonly object[]) => {
    files[`${file}.yaml`] = role!;
    files[`${file}-binding.yaml`] = binding!;
  };
  add(
    "server-cluster-role",
    bound("ClusterRole", name, [...everywhere, ...(namespaces === undefined ? ofNamespaces() : [])]),
  );
  for (const one of namespaces ?? []) {
    add(`server-role-${one}`, bound("Role", `${server.name}.${namespace}`, ofNamespaces(), one));
  }
  add(
    "server-lease-role",
    bound("Role", `${server.name}-lease`, [
      // Nobody can be allowed to create something by its name.
      ...rule([Lease], ["create"]),
      ...rule([Lease], ["get", "update"], [server.name]),
    ]),
  );
  for (const [where, names] of secretsByNamespace(options)) {
    add(
      `server-secrets-role-${where === namespace ? "own" : where}`,
      bound("Role", `${server.name}-secrets.${namespace}`, rule([Secret], ["get", ...READ], names), where),
    );
  }
  return files;
}

const RBAC = "rbac.authorization.k8s.io/v1";

function ofNamespaces(): PolicyRule[] {
  return [
    ...rule(RULE_TYPES, ["get", ...READ]),
    ...rule([Service, EndpointSlice, Pod], READ),
    ...rule(
      RULE_TYPES.map((type) => ({ ...type, plural: `${type.plural}/status` })),
      ["patch"],
    ),
    ...rule([Event], ["create"]),
  ];
}

/** One for each group. */
function rule(
  types: readonly ResourceType[],
  verbs: readonly string[],
  resourceNames?: readonly string[],
): PolicyRule[] {
  return [...byGroup(types)].map(([group, ofGroup]) => ({
    apiGroups: [group],
    resources: ofGroup.map(({ plural }) => plural),
    ...(resourceNames && { resourceNames }),
    verbs,
  }));
}

/** Where Istio looks for what a rule names: in the namespace of the proxies, and in that of the rule. */
function secretsByNamespace({ namespace, namespaces, resources }: ClusterAccess): Map<string, string[]> {
  const found = new Map<string, Set<string>>();
  const rules = [...resources.gateways, ...resources.destinationRules];
  for (const { kind, name, namespace: ofRule, spec } of rules) {
    const { names = [] } =
      namedSecrets(kind, { metadata: { name, uid: "", resourceVersion: "" }, spec }) ?? {};
    for (const where of new Set([namespace, ofRule])) {
      if (where === namespace || namespaces === undefined || namespaces.includes(where)) {
        const known = found.get(where) ?? new Set<string>();
        found.set(where, new Set([...known, ...names]));
      }
    }
  }
  return new Map(
    [...found].filter(([, names]) => names.size > 0).map(([where, names]) => [where, [...names].sort()]),
  );
}
