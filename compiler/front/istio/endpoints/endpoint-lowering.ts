/**
 * The endpoints of a proxy's clusters, made anew when nothing else has changed. It holds what endpoints are made by (which
 * part of which service a cluster is, the policies on them, where the proxy stands) and nothing of the endpoints themselves:
 * so one of them serves until the next compilation, however many changes of endpoints come before.
 */

import { isDeepStrictEqual } from "node:util";
import type { Cluster } from "../../../ir/ir.ts";
import type { ProxyOptions } from "../../../options.ts";
import type { ResourceSet } from "../../resources/model.ts";
import type { ClusterPart } from "../../services/cluster-uses.ts";
import { gatewayPorts } from "../../services/gateway-ports.ts";
import { identitiesOf } from "../../services/mesh-identities.ts";
import { type MeshSettings, meshDocuments } from "../../services/mesh-settings.ts";
import type { Scope } from "../../services/scope.ts";
import type { Service } from "../../services/service.ts";
import type { ServiceIndex } from "../../services/service-index.ts";
import { knowsSidecars } from "../../services/sidecar-label.ts";
import { scopeOf } from "../context/selected-gateways.ts";
import { type SidecarScope, sidecarScope } from "../context/sidecar-scope.ts";
import { DestinationRuleIndex, DestinationRules } from "../destination-rules/destination-rules.ts";
import type { EffectivePolicy } from "../destination-rules/traffic-policy.ts";
import { lowerEndpoints } from "../policies/cluster-endpoints.ts";
import type { EndpointChange } from "./endpoint-change.ts";

export class EndpointLowering {
  readonly #options: ProxyOptions;
  readonly #rules: DestinationRules;
  readonly #scope: Scope;
  readonly #sidecar: SidecarScope | undefined;
  readonly #gatewayPorts: ReadonlyMap<number, number>;
  readonly #byHost = new Map<string, ClusterPart[]>();

  /** `resources` and `parts`: of the last compilation for the proxy. */
  constructor(
    resources: ResourceSet,
    options: ProxyOptions,
    parts: readonly ClusterPart[],
    settings: MeshSettings = meshDocuments(resources).settings,
    rules: DestinationRules = new DestinationRules(
      new DestinationRuleIndex(resources.destinationRules, options.domainSuffix, settings),
      options,
    ),
  ) {
    this.#options = options;
    this.#rules = rules;
    this.#scope = scopeOf(resources, options);
    this.#sidecar = sidecarScope(resources, options, settings);
    this.#gatewayPorts = gatewayPorts(resources, options);
    for (const part of parts) {
      const known = this.#byHost.get(part.host);
      if (known === undefined) {
        this.#byHost.set(part.host, [part]);
      } else {
        known.push(part);
      }
    }
  }

  /** As the registry of a compilation has it: what a Sidecar imports, or else what rules may lead to besides. */
  #find(services: ServiceIndex, host: string): Service | undefined {
    const { proxyNamespace } = this.#options;
    const imports = this.#sidecar?.imports;
    return (
      (imports && services.find(host, proxyNamespace, this.#scope, imports)) ??
      services.find(host, proxyNamespace, this.#scope)
    );
  }

  /** Whether the servers of a cluster are still whom it takes them for. */
  #isBelievedAs({ tls }: Cluster, service: Service, policy: EffectivePolicy): boolean {
    const isByAccounts = policy.tls?.mode === "ISTIO_MUTUAL" && !policy.tls.subjectAltNames?.length;
    return (
      !isByAccounts ||
      tls === undefined ||
      isDeepStrictEqual(tls.subjectAltNames, identitiesOf(service, this.#rules.settings))
    );
  }

  /**
   * The clusters whose endpoints differ, as the compiler would make them. `undefined`: the change is one of more than
   * endpoints for this proxy. `known`: the clusters that it has, by name.
   */
  changedClusters(
    { resources, hosts, services, concernsPods }: EndpointChange,
    known: ReadonlyMap<string, Cluster>,
  ): readonly Cluster[] | undefined {
    // A port of a gateway may be named as a port of a Pod is.
    if (concernsPods && !isDeepStrictEqual(gatewayPorts(resources, this.#options), this.#gatewayPorts)) {
      return undefined;
    }
    const changed: Cluster[] = [];
    for (const host of hosts) {
      const parts = this.#byHost.get(host);
      const service = parts && this.#find(services, host);
      for (const { name, port, subset, passesTls } of parts ?? []) {
        const before = known.get(name);
        const mayKnow = passesTls === undefined || knowsSidecars(resources) === (passesTls === "toSidecars");
        if (before === undefined || service === undefined || !mayKnow) {
          return undefined;
        }
        const policy = this.#rules.policyOf(service, subset, port);
        const now = lowerEndpoints(
          { service, port, subset, ...(passesTls && { passesTls }) },
          policy,
          this.#rules,
          this.#options,
        );
        if (!isDeepStrictEqual(now.discovery, before.discovery)) {
          changed.push({ ...before, ...now });
        }
        if (
          now.discovery.kind !== before.discovery.kind ||
          now.byLocalityWeight !== before.byLocalityWeight ||
          !this.#isBelievedAs(before, service, policy)
        ) {
          return undefined;
        }
      }
    }
    return changed;
  }
}
