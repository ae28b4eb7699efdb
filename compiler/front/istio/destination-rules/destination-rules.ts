/**
 * Finding the DestinationRule that holds for a service: those of one namespace that speak of one host are merged,
 * and the first namespace that has any is the only one asked.
 */

import type { Span } from "../../../diagnostics/span.ts";
import type { ProxyOptions } from "../../../options.ts";
import type { WrittenCheck } from "../../resources/health-check.ts";
import type {
  ConsistentHash,
  DestinationRuleSpec,
  Resource,
  Subset,
  TrafficPolicy,
} from "../../resources/model.ts";
import { healthChecksOf, type PlacedChecks } from "../../services/health-checks.ts";
import { HostMap } from "../../services/host-map.ts";
import { resolveHost } from "../../services/host-names.ts";
import { type Labels, selects } from "../../services/labels.ts";
import { DEFAULT_MESH_SETTINGS, type MeshSettings } from "../../services/mesh-settings.ts";
import { byAge } from "../../services/order.ts";
import { labelsOfProxy } from "../../services/proxy-labels.ts";
import type { Service } from "../../services/service.ts";
import { type ClientTlsPlace, ClientTlsPlaces } from "./client-tls-places.ts";
import { type EffectivePolicy, effectivePolicy } from "./traffic-policy.ts";

/** One or more DestinationRules of a namespace for the same host. */
export interface MergedRule {
  readonly trafficPolicy?: TrafficPolicy;
  readonly subsets: readonly Subset[];
  readonly healthChecks?: PlacedChecks;
  readonly exportTo: ReadonlySet<string>;
  /** Only for client workloads with these labels. */
  readonly selector?: Labels;
}

/** Together with the place of what is said of TLS. */
export interface ServicePolicy extends EffectivePolicy {
  readonly tlsPlace?: ClientTlsPlace;
}

export interface PlacedCheck {
  readonly check: WrittenCheck;
  /** Of the annotation that says it. */
  readonly span: Span;
}

type NamedService = Pick<Service, "host" | "namespace">;

type RulesByHost = HostMap<MergedRule[]>;

/** All DestinationRules, whoever asks: put together once for all proxies. */
export class DestinationRuleIndex {
  /** All rules of a namespace, as its own proxies see them. */
  readonly #own = new Map<string, RulesByHost>();
  /** Those of them that proxies elsewhere may see. */
  readonly #exported = new Map<string, RulesByHost>();
  /** Those of the root namespace that are for itself alone. */
  readonly #rootOwn: RulesByHost = new HostMap();
  /** What proxies of any other namespace see for a service, where all of them see the same. */
  readonly #forAll = new WeakMap<NamedService, readonly MergedRule[]>();
  readonly #domainSuffix: string;
  readonly settings: MeshSettings;
  readonly tlsPlaces: ClientTlsPlaces;

  constructor(
    resources: readonly Resource<DestinationRuleSpec>[],
    domainSuffix: string,
    settings = DEFAULT_MESH_SETTINGS,
  ) {
    this.#domainSuffix = domainSuffix;
    this.settings = settings;
    this.tlsPlaces = new ClientTlsPlaces(resources);
    for (const resource of [...resources].sort(byAge)) {
      this.#add(resource);
    }
  }

  /** Those of the first namespace that has any which a proxy of this namespace sees. */
  candidates(service: NamedService, proxyNamespace: string): readonly MergedRule[] {
    const { host, namespace } = service;
    const own =
      proxyNamespace === this.settings.rootNamespace ? this.#rootOwn : this.#own.get(proxyNamespace);
    const found = own?.mostSpecific(host) ?? this.#forAll.get(service);
    if (found !== undefined) {
      return found;
    }
    for (const owner of [namespace, this.settings.rootNamespace]) {
      const exported = this.#exported.get(owner)?.mostSpecific(host) ?? [];
      const visible = exported.filter((rule) => isForAll(rule) || rule.exportTo.has(proxyNamespace));
      if (visible.length > 0) {
        if (owner === namespace && exported.every(isForAll)) {
          this.#forAll.set(service, visible);
        }
        return visible;
      }
    }
    return [];
  }

  #add(resource: Resource<DestinationRuleSpec>): void {
    const { spec, namespace } = resource;
    const host = resolveHost(spec.host, namespace, this.#domainSuffix);
    const selector = spec.workloadSelector?.matchLabels;
    const exportTo = new Set(selector === undefined ? spec.exportTo : ["."]);
    const rule: MergedRule = {
      ...(spec.trafficPolicy && { trafficPolicy: spec.trafficPolicy }),
      subsets: uniqueByName(spec.subsets ?? []),
      ...healthChecksOf(resource),
      exportTo,
      ...(selector && { selector }),
    };
    const own = [".", "*", namespace];
    if (exportTo.size === 0 || own.some((entry) => exportTo.has(entry))) {
      mergeInto(rulesOf(this.#own, namespace), host, rule);
    }
    const privateOnly = exportTo.size === 1 && (exportTo.has(".") || exportTo.has(namespace));
    if (!privateOnly) {
      mergeInto(rulesOf(this.#exported, namespace), host, rule);
    } else if (namespace === this.settings.rootNamespace) {
      mergeInto(this.#rootOwn, host, rule);
    }
  }
}

/** Of them, what holds for one proxy. */
export class DestinationRules {
  readonly #index: DestinationRuleIndex;
  readonly #options: ProxyOptions;
  readonly #found = new Map<NamedService, MergedRule | undefined>();

  constructor(index: DestinationRuleIndex, options: ProxyOptions) {
    this.#index = index;
    this.#options = options;
  }

  /** Of the mesh that they are in. */
  get settings(): MeshSettings {
    return this.#index.settings;
  }

  find(service: NamedService): MergedRule | undefined {
    const known = this.#found.get(service);
    if (known !== undefined || this.#found.has(service)) {
      return known;
    }
    const found = this.#choose(this.#index.candidates(service, this.#options.proxyNamespace));
    this.#found.set(service, found);
    return found;
  }

  /** What holds for a port of a service, or where `subset` is not empty, of that subset of it. */
  policyOf(service: Service, subset: string, port: number): ServicePolicy {
    // A block that the rule leaves out is that of the mesh.
    const policy = {
      ...this.#index.settings.written.defaultTrafficPolicy,
      ...effectivePolicy(
        this.find(service)?.trafficPolicy,
        subset === "" ? undefined : this.subset(service, subset)?.trafficPolicy,
        port,
      ),
    };
    const tlsPlace = policy.tls && this.#index.tlsPlaces.of(policy.tls);
    return { ...policy, ...(tlsPlace && { tlsPlace }) };
  }

  /** The most specific wins; what a port says counts only for who names the port. */
  hashOf(service: Service, subset: string, port: number | undefined): ConsistentHash | undefined {
    const whole = this.find(service)?.trafficPolicy;
    const ofSubset = subset === "" ? undefined : this.subset(service, subset)?.trafficPolicy;
    return (
      hashOfPort(ofSubset, port) ??
      ofSubset?.loadBalancer?.consistentHash ??
      hashOfPort(whole, port) ??
      whole?.loadBalancer?.consistentHash
    );
  }

  /** How the endpoints of a service, or of a subset of it, are asked whether they are well. */
  checkOf(service: Service, subset: string): PlacedCheck | undefined {
    const ofRule = this.find(service)?.healthChecks;
    for (const placed of [ofRule, service.healthChecks]) {
      const setting = placed?.checks.subsets.get(subset) ?? placed?.checks.whole;
      if (placed !== undefined && setting !== undefined) {
        return setting === "off" ? undefined : { check: setting, span: placed.span };
      }
    }
    return undefined;
  }

  /** Through which proxy connections go, where they go through one. */
  tunnelOf(service: Service, subset: string): TrafficPolicy["tunnel"] {
    const ofSubset = subset === "" ? undefined : this.subset(service, subset)?.trafficPolicy;
    return ofSubset?.tunnel ?? this.find(service)?.trafficPolicy?.tunnel;
  }

  subset(service: NamedService, name: string): Subset | undefined {
    return this.find(service)?.subsets.find((subset) => subset.name === name);
  }

  subsetNames(service: Service): string[] {
    return this.find(service)?.subsets.map(({ name }) => name) ?? [];
  }

  /** One that selects this workload; else, of those for every workload, the last, which is istiod's choice. */
  #choose(candidates: readonly MergedRule[]): MergedRule | undefined {
    return (
      candidates.find(
        ({ selector }) => selector !== undefined && selects(selector, labelsOfProxy(this.#options)),
      ) ?? candidates.findLast(({ selector }) => selector === undefined)
    );
  }
}

function isForAll({ exportTo }: MergedRule): boolean {
  return exportTo.size === 0 || exportTo.has("*");
}

function hashOfPort(policy: TrafficPolicy | undefined, port: number | undefined): ConsistentHash | undefined {
  const settings = policy?.portLevelSettings?.find((candidate) => candidate.port?.number === port);
  return settings?.loadBalancer?.consistentHash;
}

function rulesOf(byNamespace: Map<string, RulesByHost>, namespace: string): RulesByHost {
  let rules = byNamespace.get(namespace);
  if (rules === undefined) {
    rules = new HostMap();
    byNamespace.set(namespace, rules);
  }
  return rules;
}

/**
 * Subsets are put together, of two with one name the older stays; so do the traffic policy and the health checks of the
 * oldest that has some. Rules for other viewers or other workloads stand beside it.
 */
function mergeInto(rules: RulesByHost, host: string, rule: MergedRule): void {
  const known = rules.get(host) ?? [];
  const index = known.findIndex((other) => mergeable(other, rule));
  const older = known[index];
  if (older === undefined) {
    rules.set(host, [...known, rule]);
    return;
  }
  const trafficPolicy = older.trafficPolicy ?? rule.trafficPolicy;
  const healthChecks = older.healthChecks ?? rule.healthChecks;
  rules.set(
    host,
    known.with(index, {
      ...older,
      ...(trafficPolicy && { trafficPolicy }),
      subsets: uniqueByName([...older.subsets, ...rule.subsets]),
      ...(healthChecks && { healthChecks }),
    }),
  );
}

function mergeable(older: MergedRule, younger: MergedRule): boolean {
  const sameViewers =
    older.exportTo.size === younger.exportTo.size &&
    [...older.exportTo].every((e) => younger.exportTo.has(e));
  const moreViewers = older.exportTo.size > 0 && [...older.exportTo].every((e) => younger.exportTo.has(e));
  return (sameViewers || moreViewers) && sameSelector(older.selector, younger.selector);
}

function sameSelector(a: Labels | undefined, b: Labels | undefined): boolean {
  if (a === undefined || b === undefined) {
    return a === b;
  }
  return Object.keys(a).length === Object.keys(b).length && selects(a, b);
}

function uniqueByName(subsets: readonly Subset[]): Subset[] {
  const seen = new Set<string>();
  return subsets.filter(({ name }) => !seen.has(name) && seen.add(name));
}
