/**
 * `Sidecar`: what the outbound listeners of a workload are told. Which one is a proxy's is decided as in istiod
 * (`pilot/pkg/model/push_context.go`, `sidecar.go`): of its own namespace, the oldest that selects its labels, else the oldest for
 * all; else that of the root namespace for all, whose `.` is then the proxy's namespace. Gateways obey none.
 */

import type { OutboundPolicy, ProxyOptions } from "../../../options.ts";
import type { Destination, Resource, ResourceSet, SidecarSpec } from "../../resources/model.ts";
import { covers } from "../../services/host-names.ts";
import { selects } from "../../services/labels.ts";
import type { MeshSettings } from "../../services/mesh-settings.ts";
import { byAge } from "../../services/order.ts";
import { parseProtocol } from "../../services/protocol.ts";
import { labelsOfProxy } from "../../services/proxy-labels.ts";
import type { PortProtocol, Service } from "../../services/service.ts";
import { unixSocketPath } from "../../services/unix-sockets.ts";
import { selectedGateways } from "./selected-gateways.ts";

export interface Imports {
  /** Whether the listeners serve the hosts of a service. Rules may lead to others, too. */
  readonly imports: (service: Pick<Service, "host" | "namespace">) => boolean;
  /** Whether they obey rules of that namespace for these hosts, which are full names. */
  readonly importsRules: (namespace: string, hosts: readonly string[]) => boolean;
}

/** What all listeners together are told. */
export interface SidecarScope extends Imports {
  readonly resource: Resource<SidecarSpec>;
  /** Absent: that of the mesh. */
  readonly outboundPolicy?: OutboundPolicy;
  /** Where requests for hosts that nobody registered are sent, in place of these hosts. */
  readonly egressProxy?: Destination;
  /** At least one, in their order. */
  readonly listeners: readonly EgressListener[];
}

/** One of the listeners that a Sidecar asks for. */
export interface EgressListener extends Imports {
  /** Absent: for all ports that no other has. 0: a unix socket. */
  readonly port?: number;
  /** What is spoken on it, whatever the services there say. */
  readonly protocol?: PortProtocol;
  /** Clients ask it as an explicit proxy, for any port. */
  readonly isProxy: boolean;
  /** As written; absent: no address of its own. */
  readonly bind?: string;
  /** Nothing redirects connections to it: `captureMode` NONE, or a unix socket. */
  readonly isAskedItself: boolean;
}

/** That of a proxy; undefined where nothing is kept from it. */
export function sidecarScope(
  resources: ResourceSet,
  options: ProxyOptions,
  settings: Pick<MeshSettings, "rootNamespace">,
): SidecarScope | undefined {
  const resource = sidecarOf(resources, options, settings);
  if (resource === undefined) {
    return undefined;
  }
  const { egress = [], outboundTrafficPolicy } = resource.spec;
  const { mode = "REGISTRY_ONLY", egressProxy } = outboundTrafficPolicy ?? {};
  const listeners = egress.map((one) => egressListener(one, options.proxyNamespace));
  const [only = importsOf([EVERYTHING], options.proxyNamespace), ...others] = listeners;
  return {
    resource,
    ...(outboundTrafficPolicy && { outboundPolicy: mode }),
    ...(egressProxy && { egressProxy }),
    ...unionOf(others.length === 0 ? [only] : listeners),
    listeners,
  };
}

type WrittenListener = NonNullable<SidecarSpec["egress"]>[number];

const EVERYTHING = "*/*";

function egressListener(
  { port, bind, captureMode, hosts }: WrittenListener,
  proxyNamespace: string,
): EgressListener {
  const isSocket = unixSocketPath(bind) !== undefined;
  const protocol = port?.protocol ? parseProtocol(port.protocol) : "auto";
  return {
    ...importsOf(hosts.length > 0 ? hosts : [EVERYTHING], proxyNamespace),
    ...(port && { port: port.number ?? 0 }),
    ...(protocol !== "auto" && { protocol }),
    isProxy: isSocket || port?.protocol?.toUpperCase() === "HTTP_PROXY",
    ...(bind && { bind }),
    isAskedItself: isSocket || captureMode === "NONE",
  };
}

function importsOf(hosts: readonly string[], proxyNamespace: string): Imports {
  const imported = new ImportedHosts(hosts, proxyNamespace);
  return {
    imports: ({ host, namespace }) => imported.hasService(namespace, host),
    importsRules: (namespace, hosts) => hosts.some((host) => imported.hasRules(namespace, host)),
  };
}

function unionOf(all: readonly Imports[]): Imports {
  return {
    imports: (service) => all.some((one) => one.imports(service)),
    importsRules: (namespace, hosts) => all.some((one) => one.importsRules(namespace, hosts)),
  };
}

/** Also one that leaves everything as it is. */
function sidecarOf(
  resources: ResourceSet,
  options: ProxyOptions,
  { rootNamespace }: Pick<MeshSettings, "rootNamespace">,
): Resource<SidecarSpec> | undefined {
  const { sidecars } = resources;
  if (sidecars.length === 0 || selectedGateways(resources, options).length > 0) {
    return undefined;
  }
  const { proxyNamespace } = options;
  const labels = labelsOfProxy(options);
  const isForAll = ({ spec }: Resource<SidecarSpec>) => spec.workloadSelector === undefined;
  const sorted = [...sidecars].sort(byAge);
  const own = sorted.filter(({ namespace }) => namespace === proxyNamespace);
  return (
    own.find((one) => !isForAll(one) && selects(one.spec.workloadSelector?.labels, labels)) ??
    own.find(isForAll) ??
    sorted.find((one) => one.namespace === rootNamespace && isForAll(one))
  );
}

/** Names of one namespace, or of all. */
interface Names {
  readonly imported: string[];
  readonly excluded: string[];
}

const ALL = "*";

class ImportedHosts {
  readonly #byNamespace = new Map<string, Names>();

  constructor(hosts: readonly string[], own: string) {
    for (const host of hosts) {
      const [from = "", name = ""] = host.split("/");
      const isExcluded = from.startsWith("~");
      const namespace = (isExcluded ? from.slice(1) : from) || ALL;
      const names = this.#namesOf(namespace === "." ? own : namespace);
      (isExcluded ? names.excluded : names.imported).push(name.toLowerCase());
    }
  }

  /** Every host that the service has is one that is asked for. */
  hasService(namespace: string, host: string): boolean {
    return this.#has(namespace, host, (imported) => covers(imported, host));
  }

  /** For rules it is enough that both may mean one host. */
  hasRules(namespace: string, host: string): boolean {
    return this.#has(namespace, host, (imported) => covers(imported, host) || covers(host, imported));
  }

  #has(namespace: string, host: string, isMeant: (imported: string) => boolean): boolean {
    const both = [this.#byNamespace.get(namespace), this.#byNamespace.get(ALL)];
    return (
      both.some((names) => names?.imported.some(isMeant)) &&
      !both.some((names) => names?.excluded.some((excluded) => covers(excluded, host)))
    );
  }

  #namesOf(namespace: string): Names {
    const known = this.#byNamespace.get(namespace) ?? { imported: [], excluded: [] };
    this.#byNamespace.set(namespace, known);
    return known;
  }
}
