/**
 * Addresses for the hosts of ServiceEntries that have none, out of 240.240.0.0/16, a network that nobody routes (RFC 1112,
 * class E). Whoever resolves a host to its address makes TCP connections to several hosts on one port tell each other apart.
 *
 * As in istiod, an address follows from the hash of namespace and host (`pilot/pkg/serviceregistry/serviceentry/auto_allocation.go`),
 * so that it stays when other hosts come and go; of two hosts with one hash the older keeps its address. What istiod itself has
 * given a host and written into the status of its ServiceEntry (`pilot/pkg/controllers/ipallocate`) holds before any hash.
 */

import { isIPv4 } from "node:net";
import type { Resource, ServiceEntrySpec } from "../resources/model.ts";
import { isWildcard } from "./host-names.ts";
import { byAge } from "./order.ts";
import type { Service } from "./service.ts";

const NETWORK = "240.240.";
/** Of each network of 256 addresses all but its first and its last. */
const HOSTS_PER_NETWORK = 254;
const SLOTS = 256 * HOSTS_PER_NETWORK;
/** The largest prime below, for the second hash. */
const PRIME = 65_011;
/** Of 65,024 slots half may be taken before this many attempts fail once in 10^19. */
const MOST_HASHED = 64;
const OPT_OUT = "networking.istio.io/enable-autoallocate-ip";

export class VirtualAddresses {
  /** By namespace and host. */
  readonly #byKey: ReadonlyMap<string, string>;

  constructor(byKey: ReadonlyMap<string, string>) {
    this.#byKey = byKey;
  }

  /** Of a service that says no address itself; undefined: it has none. */
  of({ namespace, host, source, addresses }: Service): string | undefined {
    return source === "serviceEntry" && addresses.length === 0
      ? this.#byKey.get(keyOf(namespace, host))
      : undefined;
  }

  /** Whether all hosts of an entry can be told apart by addresses that it does not say. */
  haveAll({ namespace, spec }: Resource<ServiceEntrySpec>): boolean {
    return (spec.hosts ?? []).every((host) => this.#byKey.has(keyOf(namespace, host.toLowerCase())));
  }
}

/** Where nobody would resolve a host to its address, none has any. */
export const NO_VIRTUAL_ADDRESSES = new VirtualAddresses(new Map());

/** For all entries, whoever sees them: an address is the same for every proxy. */
export function virtualAddresses(entries: readonly Resource<ServiceEntrySpec>[]): VirtualAddresses {
  const known = allocated.get(entries) ?? new VirtualAddresses(allocate(entries));
  allocated.set(entries, known);
  return known;
}

/** Lists never change. */
const allocated = new WeakMap<readonly Resource<ServiceEntrySpec>[], VirtualAddresses>();

function allocate(entries: readonly Resource<ServiceEntrySpec>[]): Map<string, string> {
  const byKey = new Map<string, string>();
  const sorted = [...entries].sort(byAge);
  const taken = new Set(sorted.flatMap(({ spec }) => spec.addresses ?? []));
  for (const entry of sorted) {
    for (const [host, address] of givenByIstiod(entry)) {
      byKey.set(keyOf(entry.namespace, host), address);
      taken.add(address);
    }
  }
  for (const entry of sorted) {
    for (const host of hostsWithout(entry)) {
      const key = keyOf(entry.namespace, host);
      const address = byKey.get(key) ?? freeAddress(key, taken);
      if (address !== undefined) {
        byKey.set(key, address);
        taken.add(address);
      }
    }
  }
  return byKey;
}

/** istiod's `ShouldV2AutoAllocateIP` and `keepHost`: with NONE, nobody knows where a connection to such an address was meant for. */
function hostsWithout({ spec, labels }: Resource<ServiceEntrySpec>): string[] {
  const { resolution = "NONE", addresses = [], hosts = [] } = spec;
  if (resolution === "NONE" || addresses.length > 0 || labels[OPT_OUT]?.toLowerCase() === "false") {
    return [];
  }
  return hosts
    .map((host) => host.toLowerCase())
    .filter((host) => !isWildcard(host) || resolution === "DYNAMIC_DNS");
}

/** `status.addresses`, of which those of IPv4 are used: the listeners of the mesh have no others. */
function givenByIstiod(entry: Resource<ServiceEntrySpec>): (readonly [host: string, address: string])[] {
  const { status } = (entry.document ?? {}) as { status?: { addresses?: unknown } };
  const wanted = new Set(hostsWithout(entry));
  return (Array.isArray(status?.addresses) ? status.addresses : []).flatMap((one: unknown) => {
    const { host, value } = (one ?? {}) as { host?: unknown; value?: unknown };
    const isMeant = typeof host === "string" && wanted.has(host.toLowerCase());
    return isMeant && typeof value === "string" && isIPv4(value) ? [[host.toLowerCase(), value]] : [];
  });
}

function freeAddress(key: string, taken: ReadonlySet<string>): string | undefined {
  const first = hashOf(key);
  const step = PRIME - (first % PRIME);
  for (let i = 0; i < MOST_HASHED + SLOTS; i++) {
    const slot = first + Math.min(i, MOST_HASHED) * step + Math.max(0, i - MOST_HASHED);
    const address = addressOf(slot % SLOTS);
    if (!taken.has(address)) {
      return address;
    }
  }
  return undefined;
}

function addressOf(slot: number): string {
  return `${NETWORK}${Math.floor(slot / HOSTS_PER_NETWORK)}.${(slot % HOSTS_PER_NETWORK) + 1}`;
}

/** FNV-1a of 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash;
}

function keyOf(namespace: string, host: string): string {
  return `${namespace}/${host}`;
}
