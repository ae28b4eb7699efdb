/**
 * `Sidecar`: what the outbound listeners of a workload are told. Which one is a proxy's is decided as in istiod
 * (`pilot/pkg/model/push_context.go`, `sidecar.go`): of its own namespace, the oldest that selects its labels, else the oldest for
 * all; else that of the root namespace for all, whose `.` is then the proxy's namespace. Gateways obey none.
 */

import type { OutboundPolicy, ProxyOptions } from "../../../options.ts";
import type { Resource, ResourceSet, SidecarSpec } from "../../resources/model.ts";
import { covers } from "../../services/host-names.ts";
import { selects } from "../../services/labels.ts";
import type { MeshSettings } from "../../services/mesh-settings.ts";
import { byAge } from "../../services/order.ts";
import { labelsOfProxy } from "../../services/proxy-labels.ts";
import type { Service } from "../../services/service.ts";
import { selectedGateways } from "./selected-gateways.ts";

export interface SidecarScope {
  readonly resource: Resource<SidecarSpec>;
  /** Absent: that of the mesh. */
  readonly outboundPolicy?: OutboundPolicy;
  /** Whether the listeners serve the hosts of a service. Rules may lead to others, too. */
  readonly imports: (service: Pick<Service, "host" | "namespace">) => boolean;
  /** Whether they obey rules of that namespace for these hosts, which are full names. */
  readonly importsRules: (namespace: string, hosts: readonly string[]) => boolean;
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
  const { mode = "REGISTRY_ONLY" } = outboundTrafficPolicy ?? {};
  const all = egress.flatMap(({ hosts }) => hosts);
  const imported = new ImportedHosts(all.length > 0 ? all : ["*/*"], options.proxyNamespace);
  return {
    resource,
    ...(outboundTrafficPolicy && { outboundPolicy: mode }),
    imports: ({ host, namespace }) => imported.hasService(namespace, host),
    importsRules: (namespace, hosts) => hosts.some((host) => imported.hasRules(namespace, host)),
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
