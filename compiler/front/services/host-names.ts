/**
 * Names of hosts as Istio compares them: exact (`a.example`) or with a leading wildcard (`*.example`, `*`). Nothing
 * here knows what the names stand for.
 */

import { isIP } from "node:net";

export function isWildcard(host: string): boolean {
  return host.startsWith("*");
}

/** Every name that `narrow` stands for is one that `wide` stands for, too. */
export function covers(wide: string, narrow: string): boolean {
  if (!isWildcard(wide)) {
    return wide === narrow;
  }
  if (isWildcard(narrow)) {
    return narrow.length >= wide.length && narrow.slice(1).endsWith(wide.slice(1));
  }
  return narrow.endsWith(wide.slice(1));
}

/**
 * A name without a dot is that of a Kubernetes service in the namespace of the resource that says it, which need
 * not be the namespace of the proxy. Lower case: hosts are compared without regard to it.
 */
export function resolveHost(host: string, namespace: string, domainSuffix: string): string {
  const lower = host.toLowerCase();
  if (lower === "" || lower.includes(".") || isWildcard(lower) || isIP(lower) !== 0) {
    return lower;
  }
  return `${lower}.${namespace}.svc.${domainSuffix}`;
}
