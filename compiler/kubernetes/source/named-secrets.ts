/**
 * Which Secrets rules name. Only those are watched, each by its name, so that an account needs no more than those names in the
 * `resourceNames` of its role, and no key of anybody else is ever in memory here.
 */

import type { KubernetesObject } from "../client/kubernetes-object.ts";

/** What a rule names. */
export interface NamedSecrets {
  readonly names: readonly string[];
  /** Of a Gateway: the labels of the Pods that serve it; their namespaces are where Istio looks. */
  readonly servedBy?: Readonly<Record<string, string>>;
}

/** Istio looks for authorities in a Secret of this name, too. */
const AUTHORITY_SUFFIX = "-cacert";
/** As the API server has names; what is no name is nobody's, and must not become a part of a question. */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** `undefined` of a rule that names none. */
export function namedSecrets(kind: string, object: KubernetesObject): NamedSecrets | undefined {
  if (kind === "Gateway") {
    const selector = fieldOf(object.spec, "selector");
    const servers = listOf(fieldOf(object.spec, "servers")).map((server) => fieldOf(server, "tls"));
    return secretsOf(servers.flatMap(secretsOfServer), isLabels(selector) ? selector : {});
  }
  if (kind === "DestinationRule") {
    const { spec } = object;
    const policies = [spec, ...listOf(fieldOf(spec, "subsets"))].map((one) => fieldOf(one, "trafficPolicy"));
    const settings = policies.flatMap((policy) => [
      fieldOf(policy, "tls"),
      ...listOf(fieldOf(policy, "portLevelSettings")).map((port) => fieldOf(port, "tls")),
    ]);
    return secretsOf(settings.flatMap((tls) => withAuthority(fieldOf(tls, "credentialName"))));
  }
  return undefined;
}

function secretsOfServer(tls: unknown): string[] {
  const mode = fieldOf(tls, "mode");
  const names = [fieldOf(tls, "credentialName"), ...listOf(fieldOf(tls, "credentialNames"))];
  const authority = fieldOf(tls, "caCertCredentialName");
  const asksClients = mode === "MUTUAL" || mode === "OPTIONAL_MUTUAL";
  return [...names.flatMap(asksClients ? withAuthority : nameIn), ...withAuthority(authority)];
}

function withAuthority(value: unknown): string[] {
  return nameIn(value).flatMap((name) => [name, `${name}${AUTHORITY_SUFFIX}`]);
}

/** A name may say that it is one of Kubernetes. */
function nameIn(value: unknown): string[] {
  const name = typeof value === "string" ? value.replace(/^kubernetes:\/\//, "") : "";
  return NAME.test(name) ? [name] : [];
}

function secretsOf(names: readonly string[], servedBy?: NamedSecrets["servedBy"]): NamedSecrets | undefined {
  return names.length === 0
    ? undefined
    : { names: [...new Set(names)], ...(servedBy !== undefined && { servedBy }) };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isLabels(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((one) => typeof one === "string")
  );
}
