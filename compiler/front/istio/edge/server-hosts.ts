/** The hosts of a Gateway's servers, by the namespace whose VirtualServices they admit. */

import { covers, isWildcard } from "../../services/host-names.ts";
import type { HostsOfRules } from "../context/lowering-cache.ts";

export class ServerHosts {
  readonly #hosts: readonly { readonly namespace: string; readonly host: string }[];
  readonly #byNamespace = new Map<string, { exact: Set<string>; wildcards: string[] }>();

  /** `hosts`: as a server of a Gateway has them, with or without a namespace in front. */
  constructor(hosts: readonly string[], ownNamespace: string) {
    this.#hosts = hosts.map((entry) => {
      const slash = entry.indexOf("/");
      const namespace = slash < 0 ? "*" : entry.slice(0, slash);
      return {
        namespace: namespace === "." ? ownNamespace : namespace,
        host: entry.slice(slash + 1).toLowerCase(),
      };
    });
  }

  /** What the rules of a namespace may have. */
  admittedFrom(namespace: string): string[] {
    return this.#hosts
      .filter((entry) => entry.namespace === "*" || entry.namespace === namespace)
      .map(({ host }) => host);
  }

  /** The narrower of each pair of names that overlap. */
  intersect({ hosts, resource }: HostsOfRules): readonly string[] {
    const { exact, wildcards } = this.#admitting(resource.namespace);
    const only = hosts.length === 1 ? hosts[0]! : "*";
    if (!isWildcard(only)) {
      // Nearly all are of this kind, and there may be many.
      return exact.has(only) || wildcards.some((wildcard) => covers(wildcard, only)) ? hosts : [];
    }
    const names = new Set<string>();
    for (const host of hosts) {
      if (exact.has(host) || wildcards.some((wildcard) => covers(wildcard, host))) {
        names.add(host);
      } else if (isWildcard(host)) {
        for (const narrower of [...exact, ...wildcards].filter((own) => covers(host, own))) {
          names.add(narrower);
        }
      }
    }
    return [...names];
  }

  #admitting(namespace: string): { exact: Set<string>; wildcards: string[] } {
    let admitted = this.#byNamespace.get(namespace);
    if (admitted === undefined) {
      const hosts = this.admittedFrom(namespace);
      admitted = {
        exact: new Set(hosts.filter((host) => !isWildcard(host))),
        wildcards: hosts.filter(isWildcard),
      };
      this.#byNamespace.set(namespace, admitted);
    }
    return admitted;
  }
}
