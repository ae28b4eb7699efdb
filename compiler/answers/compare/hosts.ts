/**
 * The hosts that two route tables tell apart: for each domain of either, the virtual hosts that serve it on both sides,
 * and a host that is served by them.
 */

import type { RouteTable, VirtualHost } from "../../ir/ir.ts";
import { hostOf } from "../evaluate/trial.ts";
import { quoted } from "./partition.ts";
import { AUTHORITY_CHARACTER } from "./universe.ts";

export interface HostClass {
  readonly domain: string;
  readonly left: VirtualHost | undefined;
  readonly right: VirtualHost | undefined;
  /** One of its hosts, as a client would ask for it. */
  readonly authority: string;
  /** All of them: an expression, without what the others take. */
  readonly universe: string;
  readonly others: readonly string[];
}

const EMPTY: RouteTable = { ignorePortInHost: true, virtualHosts: [] };

export function hostClasses(left: RouteTable = EMPTY, right: RouteTable = EMPTY): HostClass[] {
  const [ofLeft, ofRight] = [new Domains(left), new Domains(right)];
  const domains = new Set([...ofLeft.names, ...ofRight.names]);
  const wildcards = [...domains].filter((domain) => domain.startsWith("*"));
  return [...domains].flatMap((domain) => {
    const authority = exampleOf(domain, ofLeft, ofRight);
    if (authority === undefined) {
      return [];
    }
    const isWildcard = domain.startsWith("*");
    const narrower = isWildcard
      ? [...wildcards, ...[...domains].filter((other) => !other.startsWith("*"))].filter(
          (other) => other !== domain && other.endsWith(domain.slice(1)),
        )
      : [];
    return [
      {
        domain,
        left: ofLeft.serving(authority),
        right: ofRight.serving(authority),
        authority,
        universe: universeOf(domain, left.ignorePortInHost && right.ignorePortInHost),
        others: narrower.map((other) => universeOf(other, left.ignorePortInHost && right.ignorePortInHost)),
      },
    ];
  });
}

/** Looked up, since a listener of a mesh has as many as there are services. */
class Domains {
  readonly table: RouteTable;
  readonly #exact = new Map<string, VirtualHost>();
  readonly #wildcards: RouteTable;

  constructor(table: RouteTable) {
    this.table = table;
    const wildcards: VirtualHost[] = [];
    for (const host of table.virtualHosts) {
      for (const domain of host.domains) {
        if (!domain.startsWith("*")) {
          this.#exact.set(domain, host);
        }
      }
      if (host.domains.some((domain) => domain.startsWith("*"))) {
        wildcards.push(host);
      }
    }
    this.#wildcards = { ...table, virtualHosts: wildcards };
  }

  get names(): string[] {
    return this.table.virtualHosts.flatMap(({ domains }) => domains);
  }

  domainOf(authority: string): string | undefined {
    return this.#exact.has(authority) ? authority : hostOf(this.#wildcards, authority)?.domain;
  }

  serving(authority: string): VirtualHost | undefined {
    return this.#exact.get(authority) ?? hostOf(this.#wildcards, authority)?.virtualHost;
  }
}

const LABELS = ["any", "some", "other"];

/** A host that this domain takes on each side that has it, and nothing narrower takes on the other. */
function exampleOf(domain: string, left: Domains, right: Domains): string | undefined {
  if (!domain.startsWith("*")) {
    return domain;
  }
  const wider = (side: Domains, host: string) => {
    const taken = side.domainOf(host);
    return taken === undefined || (taken.startsWith("*") && taken.length <= domain.length);
  };
  for (const host of hostsOf(domain.slice(1), left.names.length + right.names.length)) {
    if (wider(left, host) && wider(right, host)) {
      return host;
    }
  }
  return undefined;
}

/** One more than others could take; of all hosts also those without a dot, which no narrower wildcard has. */
function* hostsOf(rest: string, taken: number): Generator<string> {
  const endings = rest === "" ? [".example", ""] : [rest];
  for (const label of LABELS) {
    yield* endings.map((ending) => `${label}${ending}`);
  }
  for (let i = 0; i <= taken; i++) {
    yield `x${i}${endings.at(-1)}`;
  }
}

/** Whatever stands behind the last colon outside of brackets is ignored as a port. */
const PORT = `(?::${AUTHORITY_CHARACTER}*)?`;
/** Also an address of IPv6, in brackets. */
const HOST_CHARACTER = `(?:${AUTHORITY_CHARACTER}|\\[[0-9A-Fa-f:.]*\\])`;

function universeOf(domain: string, ignorePort: boolean): string {
  const port = ignorePort ? PORT : "";
  if (domain === "*") {
    return `${HOST_CHARACTER}+${port}`;
  }
  return domain.startsWith("*")
    ? `${HOST_CHARACTER}+(?i:${quoted(domain.slice(1))})${port}`
    : `(?i:${quoted(domain)})${port}`;
}
