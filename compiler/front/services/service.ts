/**
 * A service as routes and clusters see it, whatever kind of document it came from. Nothing here is Istio's or
 * Kubernetes' any more, except the names.
 */

import type { Span } from "../../diagnostics/span.ts";
import type { Discovery } from "../../ir/ir.ts";
import type { PlacedChecks } from "./health-checks.ts";
import type { Labels } from "./labels.ts";
import type { Locality } from "./locality.ts";

/** `auto`: not declared. Istio looks at the first bytes of a connection to tell; we take it for HTTP. */
export type PortProtocol = "http" | "http2" | "tls" | "tcp" | "udp" | "auto";

export interface ServicePort {
  readonly number: number;
  readonly name: string;
  readonly protocol: PortProtocol;
}

export interface ServiceEndpoint {
  /** An IP address, or a DNS name where the service is resolved by DNS. */
  readonly address: string;
  readonly port: number;
  readonly labels: Labels;
  readonly weight: number;
  readonly locality?: Locality;
  /** Who it is in its mesh, where that is said: `ns/<namespace>/sa/<service account>`, as a SPIFFE id ends. */
  readonly account?: string;
  /** Known, and not to be asked. */
  readonly unready?: true;
  /** Where it is asked whether it is well, if not at `port`. */
  readonly healthPort?: number;
}

export interface Service {
  /** Lower case; a wildcard is possible for a ServiceEntry. */
  readonly host: string;
  readonly namespace: string;
  readonly source: "kubernetes" | "serviceEntry";
  /** Only what is alike in this, too, may bring further ports to a service of the same host. */
  readonly kin?: string;
  readonly ports: readonly ServicePort[];
  /** Ports that another resource of its host and namespace has, and not it: the mesh listens there, and nobody answers. */
  readonly unservedPorts?: readonly ServicePort[];
  /** That it is reached at, and that a client may write instead of the name; of a ServiceEntry, ranges as well. */
  readonly addresses: readonly string[];
  /** Names of single endpoints below the service's own are served, too (a headless Kubernetes service). */
  readonly headless: boolean;
  /** Names of which the certificates of its servers have one, unless a DestinationRule says others. */
  readonly subjectAltNames?: readonly string[];
  /** Outside of the mesh: nobody there speaks its TLS. */
  readonly isExternal?: true;
  /** Of each port; where connections go by their addresses is a matter of the port (`goesByAddress`). */
  readonly discovery: Exclude<Discovery["kind"], "originalAddress">;
  /** Its requests go where their connections were meant for, which nobody knows at an edge. */
  readonly meshOnly?: true;
  /** The host of the service that this one is only another name of. */
  readonly aliasOf?: string;
  /** Who is near comes first, whether or not endpoints are watched: of the same zone, or even the same machine. */
  readonly prefers?: "zone" | "node";
  /** How its endpoints are asked whether they are well, unless a DestinationRule says it. */
  readonly healthChecks?: PlacedChecks;
  /** By the number of the service's port. */
  readonly endpoints: ReadonlyMap<number, readonly ServiceEndpoint[]>;
  /** Where the host's name is written. */
  readonly span: Span;
}

export function isHttp({ protocol }: ServicePort): boolean {
  return protocol === "http" || protocol === "http2" || protocol === "auto";
}

/** Whether connections to a port go to the address that each was meant for, whoever has it. */
export function goesByAddress({ discovery, ports }: Service, port: number): boolean {
  const declared = ports.find(({ number }) => number === port)?.protocol;
  return discovery === "originalDestination" && declared === "tcp";
}

/** The service that another is only a name of, when it is known where it is looked for. */
export function aliasTarget(
  { aliasOf, host }: Service,
  services: { get(host: string): Service | undefined },
): Service | undefined {
  const target = aliasOf === undefined || aliasOf === host ? undefined : services.get(aliasOf);
  // Not followed further: istiod resolves one step, and a circle would have no end.
  return target?.aliasOf === undefined ? target : undefined;
}

/**
 * Two services claim one host: Kubernetes wins over a ServiceEntry, whose endpoints it shares where they are of one
 * namespace; else the first, which like ones may add to.
 */
export function mergeServices(known: Service, later: Service): Service {
  if (known.source !== later.source) {
    const [service, entry] = known.source === "kubernetes" ? [known, later] : [later, known];
    return service.namespace === entry.namespace ? withEntry(service, entry) : service;
  }
  if (known.namespace !== later.namespace || known.discovery !== later.discovery) {
    return known;
  }
  const ports = new Map(known.ports.map((port) => [port.number, port]));
  const endpoints = new Map(known.endpoints);
  for (const port of later.ports) {
    const mine = ports.get(port.number);
    if (mine === undefined && known.kin === later.kin) {
      ports.set(port.number, port);
    }
    // What is listed is tied to its port by name, as in Kubernetes; names to look up are by number.
    if (mine !== undefined && mine.name !== port.name && known.discovery === "eds") {
      continue;
    }
    // Also of a port that only a third may bring.
    const theirs = later.endpoints.get(port.number) ?? [];
    endpoints.set(port.number, pooled(known.discovery, endpoints.get(port.number) ?? [], theirs));
  }
  const healthChecks = known.healthChecks ?? later.healthChecks;
  return { ...known, ports: [...ports.values()], ...(healthChecks && { healthChecks }), endpoints };
}

/** A Service beside a ServiceEntry of its own name: Istio knows endpoints by host, namespace, and name of the port. */
function withEntry(service: Service, entry: Service): Service {
  const own = new Set(service.ports.map(({ number }) => number));
  const unserved = new Map((service.unservedPorts ?? []).map((port) => [port.number, port]));
  for (const port of entry.ports) {
    if (!own.has(port.number) && !unserved.has(port.number)) {
      unserved.set(port.number, port);
    }
  }
  const shares = service.discovery === "eds" && entry.discovery === "eds";
  const theirs = (name: string) =>
    entry.ports
      .filter((port) => port.name === name)
      .flatMap(({ number }) => entry.endpoints.get(number) ?? []);
  const healthChecks = service.healthChecks ?? entry.healthChecks;
  return {
    ...service,
    ...(healthChecks && { healthChecks }),
    ...(unserved.size > 0 && { unservedPorts: [...unserved.values()] }),
    ...(shares && {
      endpoints: new Map(
        service.ports.map(({ number, name }) => [
          number,
          [...(service.endpoints.get(number) ?? []), ...theirs(name)],
        ]),
      ),
    }),
  };
}

function pooled(
  discovery: Service["discovery"],
  older: readonly ServiceEndpoint[],
  younger: readonly ServiceEndpoint[],
): readonly ServiceEndpoint[] {
  return discovery === "logicalDns" && older.length > 0 ? older : [...older, ...younger];
}
