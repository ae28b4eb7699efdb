/** Accounts as a cluster has them: a ServiceAccount with a token, bound to a role of exactly those rules. */

import { expect, vi } from "vitest";
import { ApiClient, type Credentials } from "./api-client.ts";

export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const GROUP = "rbac.authorization.k8s.io";

const TIMEOUT_MS = 30_000;

/** What `sluice serve --kubernetes` needs to read rules everywhere. */
export const READ_RULES: readonly PolicyRule[] = [
  {
    apiGroups: ["networking.istio.io"],
    resources: [
      "virtualservices",
      "destinationrules",
      "serviceentries",
      "gateways",
      "workloadentries",
      "workloadgroups",
      "sidecars",
      "proxyconfigs",
    ],
    verbs: ["get", "list", "watch"],
  },
  {
    apiGroups: ["security.istio.io"],
    resources: ["requestauthentications"],
    verbs: ["get", "list", "watch"],
  },
  {
    apiGroups: [""],
    resources: ["services", "pods", "nodes", "namespaces", "configmaps", "secrets"],
    verbs: ["get", "list", "watch"],
  },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["get", "list", "watch"] },
];

/** Makes an account that may do this everywhere; its name is also that of its role. Gives credentials with a token. */
export async function createAccount(
  admin: ApiClient,
  namespace: string,
  name: string,
  rules: readonly PolicyRule[],
): Promise<Credentials> {
  await admin.create(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });
  await admin.create(`${RBAC}/clusterroles`, { metadata: { name: roleOf(namespace, name) }, rules });
  await bind(admin, roleOf(namespace, name), { kind: "ServiceAccount", name, namespace });
  const { server, authority } = admin.credentials;
  const credentials = { server, authority, token: await tokenOf(admin, namespace, name) };
  const [first] = rules;
  if (first !== undefined) {
    await untilAllowed(credentials, first);
  }
  return credentials;
}

/**
 * Resolves when the API server lets an account do what a rule says. It watches roles and bindings like anybody else, and knows of a new
 * one a moment after it has taken it. `namespace`: where; everywhere, unless said.
 */
export async function untilAllowed(
  credentials: Credentials,
  rule: PolicyRule,
  namespace?: string,
): Promise<void> {
  const client = new ApiClient(credentials);
  const [resource, subresource] = rule.resources[0]!.split("/");
  const resourceAttributes = {
    group: rule.apiGroups[0],
    resource,
    verb: rule.verbs[0],
    ...(subresource !== undefined && { subresource }),
    ...(rule.resourceNames !== undefined && { name: rule.resourceNames[0] }),
    ...(namespace !== undefined && { namespace }),
  };
  const review = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes },
  };
  try {
    await vi.waitFor(async () => {
      const answer = await client.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review);
      expect(answer).toMatchObject({ status: { allowed: true } });
    }, TIMEOUT_MS);
  } finally {
    client.close();
  }
}

/** Binds a role to a user who is known by a client certificate. */
export function bindUser(admin: ApiClient, role: string, user: string): Promise<void> {
  return bind(admin, role, { kind: "User", apiGroup: GROUP, name: user });
}

/** Changes what an account may do. */
export async function setRules(
  admin: ApiClient,
  namespace: string,
  name: string,
  rules: readonly PolicyRule[],
): Promise<void> {
  await admin.patch(`${RBAC}/clusterroles/${roleOf(namespace, name)}`, { rules });
}

/** A new token of an account; the API server gives none for less than ten minutes. */
export async function tokenOf(admin: ApiClient, namespace: string, name: string): Promise<string> {
  const { status } = await admin.create<{ status: { token: string } }>(
    `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } },
  );
  return status.token;
}

/** The name of the ClusterRole of an account. */
export function roleOf(namespace: string, name: string): string {
  return `${namespace}-${name}`;
}

async function bind(
  admin: ApiClient,
  role: string,
  subject: {
    readonly name: string;
    readonly kind: string;
    readonly apiGroup?: string;
    readonly namespace?: string;
  },
): Promise<void> {
  await admin.create(`${RBAC}/clusterrolebindings`, {
    metadata: { name: `${role}-${subject.kind.toLowerCase()}-${subject.name}` },
    roleRef: { apiGroup: GROUP, kind: "ClusterRole", name: role },
    subjects: [subject],
  });
}
