/**
 * Who the workloads of a mesh are by their certificates: SPIFFE ids, as istiod makes them (`pkg/spiffe`) of the trust domain, the
 * namespace and the service account. Only what an input says counts: who says nothing of accounts is believed by the roots alone.
 */

import type { MeshSettings } from "./mesh-settings.ts";
import type { Service } from "./service.ts";

/** What a SPIFFE id says behind the trust domain; `undefined` where no service account is named. */
export function accountOf(namespace: string, serviceAccount: string | undefined): string | undefined {
  return serviceAccount ? `ns/${namespace}/sa/${serviceAccount}` : undefined;
}

const SCHEME = "spiffe://";

/**
 * Names of which the certificates of a service's servers have one, in their order: what the service itself names, and the accounts of
 * all its endpoints. What is of the mesh's own trust domain is also of each of its former ones.
 */
export function identitiesOf(
  { subjectAltNames = [], endpoints }: Pick<Service, "subjectAltNames" | "endpoints">,
  { trustDomain, trustDomainAliases }: Pick<MeshSettings, "trustDomain" | "trustDomainAliases">,
): readonly string[] {
  const accounts = [...endpoints.values()].flat().flatMap(({ account }) => account ?? []);
  const names = [...subjectAltNames, ...accounts.map((account) => `${SCHEME}${trustDomain}/${account}`)];
  const expanded = names.flatMap((name) => {
    const account = accountIn(name);
    return account === undefined
      ? [name]
      : [name, ...trustDomainAliases.map((alias) => `${SCHEME}${alias}/${account}`)];
  });
  return [...new Set(expanded)].sort();
}

/** Of a SPIFFE id, what stands behind the trust domain. */
function accountIn(name: string): string | undefined {
  return /^spiffe:\/\/[^/]+\/(ns\/[^/]+\/sa\/[^/]+)$/.exec(name)?.[1];
}

/** What a sidecar asks for by TLS (SNI): istiod's `BuildDNSSrvSubsetKey`, which a gateway between networks reads. */
export function serverNameOf({ host }: Pick<Service, "host">, port: number, subset: string): string {
  return `outbound_.${port}_.${subset}_.${host}`;
}
