/**
 * Which subsets of a host some DestinationRule defines that a namespace sees. Which of several rules is applied there is
 * a proxy's matter: here a subset is missing only where no choice could bring it.
 */

import type { DestinationRuleSpec, Resource } from "../../resources/model.ts";
import { resolveHost } from "../../services/host-names.ts";
import { exposure } from "../../services/visibility.ts";

interface Definition {
  readonly name: string;
  readonly owner: string;
  readonly exportTo: readonly string[] | undefined;
}

export class SubsetIndex {
  readonly #byHost = new Map<string, Definition[]>();

  constructor(rules: readonly Resource<DestinationRuleSpec>[], domainSuffix: string) {
    for (const { spec, namespace } of rules) {
      const host = resolveHost(spec.host, namespace, domainSuffix);
      const definitions = (spec.subsets ?? []).map(({ name }) => ({
        name,
        owner: namespace,
        exportTo: spec.exportTo,
      }));
      const known = this.#byHost.get(host);
      if (known === undefined) {
        this.#byHost.set(host, definitions);
      } else {
        known.push(...definitions);
      }
    }
  }

  has(host: string, name: string, viewer: string): boolean {
    return rulesFor(host).some((rule) =>
      this.#byHost.get(rule)?.some((one) => one.name === name && isSeenFrom(viewer, one)),
    );
  }

  names(host: string, viewer: string): string[] {
    const all = rulesFor(host).flatMap((rule) => this.#byHost.get(rule) ?? []);
    return [...new Set(all.filter((one) => isSeenFrom(viewer, one)).map(({ name }) => name))];
  }
}

function isSeenFrom(viewer: string, { exportTo, owner }: Definition): boolean {
  return exposure(exportTo, owner, viewer) !== undefined;
}

/** The host, and the wildcards that cover it. */
function rulesFor(host: string): string[] {
  const hosts = [host];
  for (let at = host.indexOf("."); at >= 0; at = host.indexOf(".", at + 1)) {
    hosts.push(`*${host.slice(at)}`);
  }
  return [...hosts, "*"];
}
