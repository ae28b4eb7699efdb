/**
 * What the rules ask of a proxy, and thereby which proxies are alike. Everything that a proxy says of itself is reduced to what
 * somebody asks for: labels to those of the selectors that select it, its namespace to a stand-in where nothing is of that
 * namespace or speaks of it, its place to nothing where no load balancing goes by it. What is left is what the rules are
 * compiled for, so two proxies of one scope cannot be told different things, whatever else they claim.
 *
 * An error here is either too fine, which costs a compilation, or too coarse, which would tell a proxy another's rules. In
 * doubt it is too fine; a property test holds it against the compiler over random meshes.
 */

import { PREFERENCES } from "../../front/istio/policies/locality-setting.ts";
import type {
  DestinationRuleSpec,
  Resource,
  ResourceList,
  ResourceSet,
} from "../../front/resources/model.ts";
import { type AnnotatedWorkload, annotatedWorkloads } from "../../front/resources/proxy-annotations.ts";
import { textsOf } from "../../front/resources/unchecked-fields.ts";
import { serviceExportTo, trafficDistribution } from "../../front/services/kubernetes.ts";
import { type Labels, selects } from "../../front/services/labels.ts";
import { labelledLocality, parseLocality, topologyLocality } from "../../front/services/locality.ts";
import { labelsOfProxy } from "../../front/services/proxy-labels.ts";
import { compareStrings } from "../../ir/text.ts";
import { areSame } from "../../lists/list-change.ts";
import { perStretch } from "../../lists/stretches.ts";
import type { ListenerPort, PortMap } from "../../options/port-map.ts";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../options.ts";
import type { Scope } from "../model/scope.ts";

/** Its proxies' labels name the Gateway of Kubernetes that they serve. */
const GATEWAY_NAME_LABEL = "gateway.networking.k8s.io/gateway-name";

type TrafficPolicy = NonNullable<DestinationRuleSpec["trafficPolicy"]>;
/** Of a whole service, or of one of its ports. */
type Balancing = Pick<TrafficPolicy, "loadBalancer" | "outlierDetection">;

/** The lists of what asks anything of a proxy: all that is read here. */
const ASKING = [
  "destinationRules",
  "gateways",
  "meshConfigs",
  "neighbours",
  "proxyConfigs",
  "requestAuthentications",
  "secrets",
  "serviceEntries",
  "services",
  "sidecars",
  "virtualServices",
] as const satisfies readonly ResourceList[];

export class Distinctions {
  /** Every condition on the labels of a proxy that is asked of all of them. */
  readonly #selectors: readonly Labels[];
  readonly #resources: Pick<ResourceSet, (typeof ASKING)[number]>;
  readonly #gatewaySelectors: readonly Labels[];
  /** Workloads that say something of their proxies: those with no label that the workload lacks. */
  readonly #workloads: readonly AnnotatedWorkload[];
  /** What selects the Pods of a gateway decides on which ports it listens: in its own namespace. */
  readonly #serviceSelectors = new Map<string, Labels[]>();
  /** Labels whose values are compared with those of endpoints. */
  readonly #comparedLabels = new Set<string>();
  readonly #namespaces: ReadonlySet<string>;
  /** A namespace of which there is nothing. */
  readonly #otherNamespace: string;
  readonly #asksForLocality: boolean;
  readonly #ports: ReadonlySet<number>;
  readonly #scopes = new Map<string, Scope>();
  /** Those of the rules before. */
  readonly #known: ReadonlyMap<string, Scope>;

  private constructor(resources: ResourceSet, before?: Distinctions) {
    this.#resources = resources;
    this.#known = before === undefined ? new Map() : before.#scopes;
    this.#workloads = annotatedWorkloads(resources);
    const {
      destinationRules,
      gateways,
      neighbours,
      proxyConfigs,
      requestAuthentications,
      serviceEntries,
      services,
      sidecars,
      virtualServices,
    } = this.#resources;
    const conditions = conditionsIn(virtualServices).flat();
    this.#gatewaySelectors = gateways.map(({ spec }) => spec.selector ?? {});
    this.#selectors = distinct([
      ...this.#gatewaySelectors,
      ...conditions.map(({ sourceLabels = {} }) => sourceLabels),
      ...destinationRules.map(({ spec }) => spec.workloadSelector?.matchLabels ?? {}),
      ...sidecars.map(({ spec }) => spec.workloadSelector?.labels ?? {}),
      ...proxyConfigs.map(({ spec }) => spec.selector?.matchLabels ?? {}),
      ...requestAuthentications.map(({ spec }) => spec.selector?.matchLabels ?? {}),
      ...neighbours.flatMap(({ spec }) => [
        textsOf(spec, "selector", "matchLabels"),
        textsOf(spec, "workloadSelector", "labels"),
      ]),
    ]);
    if (neighbours.length + requestAuthentications.length > 0) {
      this.#comparedLabels.add(GATEWAY_NAME_LABEL);
    }
    for (const { namespace, spec } of services) {
      const known = this.#serviceSelectors.get(namespace) ?? [];
      this.#serviceSelectors.set(namespace, known);
      known.push(spec.selector ?? {});
    }
    const policies = [
      ...destinationRules.flatMap(({ spec }) => balancingIn(spec)),
      ...this.#resources.meshConfigs.map(({ spec }): Balancing => {
        const { defaultTrafficPolicy, localityLbSetting, zoneAwareLbSetting } = spec;
        return {
          ...defaultTrafficPolicy,
          loadBalancer: {
            ...(localityLbSetting && { localityLbSetting }),
            ...(zoneAwareLbSetting && { zoneAwareLbSetting }),
          },
        };
      }),
    ];
    const preferences = services.flatMap((service) => trafficDistribution(service) ?? []);
    const priorities = [
      ...policies.flatMap(({ loadBalancer }) => [
        loadBalancer?.localityLbSetting?.failoverPriority ?? [],
        loadBalancer?.zoneAwareLbSetting?.failoverPriority ?? [],
      ]),
      ...preferences.map((preference) => PREFERENCES[preference].failoverPriority),
    ];
    for (const entry of priorities.flat()) {
      const [name = "", ...value] = entry.split("=");
      if (value.length !== 1) {
        this.#comparedLabels.add(name);
      }
    }
    this.#asksForLocality =
      preferences.length > 0 ||
      policies.some(
        ({ loadBalancer, outlierDetection }) =>
          outlierDetection !== undefined || placesEndpoints(loadBalancer ?? {}),
      );
    this.#namespaces = namespacesIn(this.#resources, conditions, this.#workloads);
    this.#otherNamespace = unlike(OTHER_NAMESPACE, this.#namespaces);
    this.#ports = new Set([
      ...services.flatMap(({ spec }) => (spec.ports ?? []).map(({ port }) => port)),
      ...serviceEntries.flatMap(({ spec }) => (spec.ports ?? []).map(({ number }) => number)),
      ...gateways.flatMap(({ spec }) => (spec.servers ?? []).map(({ port }) => port.number)),
    ]);
  }

  /**
   * What these ask. `before`: of the rules that they replace; a scope that both have in common is the same object. Where nothing but
   * endpoints has changed, it is `before` itself.
   */
  static of(resources: ResourceSet, before?: Distinctions): Distinctions {
    const isSame =
      before !== undefined &&
      ASKING.every((list) => before.#resources[list] === resources[list]) &&
      areSame(resourcesOf(before.#workloads), resourcesOf(annotatedWorkloads(resources)));
    return isSame ? before : new Distinctions(resources, before);
  }

  /** The scope of a proxy that has these options, as `claimedOptions` gives them. */
  scopeOf(proxy: ProxyOptions): Scope {
    const options: ProxyOptions = {
      ...proxy,
      proxyNamespace: this.#namespaces.has(proxy.proxyNamespace)
        ? proxy.proxyNamespace
        : this.#otherNamespace,
      proxyLabels: this.#labels(proxy),
      proxyLocality: this.#asksForLocality ? localityOf(proxy) : "",
      portMap: this.#portMap(proxy.portMap),
    };
    const group = groupOf(options);
    const key = keyOf(options, group);
    const scope = this.#scopes.get(key) ?? this.#known.get(key) ?? { key, group, options };
    this.#scopes.set(key, scope);
    return scope;
  }

  /**
   * The labels of all selectors that select it: just these selectors select them, too. Those whose values are compared stay in
   * any case.
   */
  #labels(proxy: ProxyOptions): Labels {
    const { proxyLabels, proxyNamespace } = proxy;
    if (this.#workloads.some(({ resource }) => resource.namespace === proxyNamespace)) {
      return proxyLabels;
    }
    // Which cluster and region it is in, selectors may name as well.
    const all = labelsOfProxy(proxy);
    const servesGateways = this.#gatewaySelectors.some((selector) => selects(selector, all));
    const selectors = servesGateways
      ? [...this.#selectors, ...(this.#serviceSelectors.get(proxyNamespace) ?? [])]
      : this.#selectors;
    const kept = new Map<string, string>();
    for (const selector of selectors) {
      if (selects(selector, all)) {
        for (const [name, value] of Object.entries(selector)) {
          kept.set(name, value);
        }
      }
    }
    for (const name of this.#comparedLabels) {
      if (Object.hasOwn(proxyLabels, name)) {
        kept.set(name, proxyLabels[name]!);
      }
    }
    const [compared] = this.#comparedLabels;
    if (compared !== undefined && kept.size === 0 && Object.keys(proxyLabels).length > 0) {
      // Who has any labels has something to compare; an empty one is compared like one that is not there.
      kept.set(compared, "");
    }
    return Object.fromEntries([...kept].sort(([a], [b]) => compareStrings(a, b)));
  }

  /** Without the ports that nothing is bound for. */
  #portMap(map: PortMap): PortMap {
    const used = [...map].filter(([from]) => this.#ports.has(Number(String(from).replace(/^.*:/, ""))));
    return new Map<number | ListenerPort, number>(
      used.sort(([a], [b]) => compareStrings(String(a), String(b))),
    );
  }
}

/** The options that decide which rules hold; all others are the server's own, or say where it listens. */
function groupOf(options: ProxyOptions): string {
  const { proxyNamespace, proxyLabels, proxyLocality } = options;
  return [
    proxyNamespace,
    ...Object.entries(proxyLabels).map(([name, value]) => `${quoted(name)}=${quoted(value)}`),
    ...(proxyLocality === "" ? [] : [`@${quoted(proxyLocality)}`]),
    ...claimed(options, OF_RULES),
  ].join(" ");
}

/** The options that a key has to tell apart. */
function keyOf(options: ProxyOptions, group: string): string {
  return [
    group,
    ...[...options.portMap].map(([from, to]) => `${from}>${to}`),
    ...claimed(options, OF_PLACE),
  ].join(" ");
}

/** Options that proxies of one server may differ in besides, by their claims or by its scopes file. */
const OF_RULES = [
  "target",
  "meshListeners",
  "pathNormalization",
  "outboundPolicy",
  "secretsDirectory",
  "identityDirectory",
] as const;
const OF_PLACE = ["listenAddress", "meshPort"] as const;

/** What a node may claim besides, where it is not as usual. */
function claimed(options: ProxyOptions, names: readonly (keyof ProxyOptions)[]): string[] {
  return names
    .filter((name) => options[name] !== DEFAULT_PROXY_OPTIONS[name])
    .map((name) => `${name}:${quoted(String(options[name]))}`);
}

/** What a node says can be any text: no two of them may give one key. */
function quoted(text: string): string {
  return text.replace(/[^\w./-]/g, (character) => encodeURIComponent(character).padStart(3, "%"));
}

interface SourceCondition {
  readonly sourceLabels?: Labels;
  readonly sourceNamespace?: string;
}

/** Conditions on the source, of every kind of rule; hardly any has one. */
const conditionsIn = perStretch((rules: readonly ResourceSet["virtualServices"][number][]) =>
  rules.flatMap(({ spec: { http = [], tls = [], tcp = [] } }) =>
    [...http, ...tls, ...tcp]
      .flatMap(({ match = [] }): readonly SourceCondition[] => match ?? [])
      .filter(
        ({ sourceLabels, sourceNamespace }) => sourceLabels !== undefined || sourceNamespace !== undefined,
      ),
  ),
);

/** Of the rules that say to whom they are exported. */
const exportedIn = perStretch((rules: readonly ResourceSet["virtualServices"][number][]) =>
  rules
    .filter(({ spec }) => spec.exportTo !== undefined)
    .map(({ namespace, spec }) => ({ namespace, exportTo: spec.exportTo })),
);

function balancingIn({ trafficPolicy, subsets = [] }: DestinationRuleSpec): Balancing[] {
  const policies = [trafficPolicy, ...subsets.map((subset) => subset.trafficPolicy)];
  return policies.flatMap((policy) =>
    policy === undefined ? [] : [policy, ...(policy.portLevelSettings ?? [])],
  );
}

/** By itself; failing over is for endpoints that are watched in any way, and health checks may stand elsewhere. */
function placesEndpoints({
  localityLbSetting: { distribute = [], failover = [], failoverPriority = [] } = {},
  zoneAwareLbSetting,
}: NonNullable<Balancing["loadBalancer"]>): boolean {
  return (
    [distribute, failover, failoverPriority].some(({ length }) => length > 0) ||
    zoneAwareLbSetting !== undefined
  );
}

/** `region/zone/subzone` by whoever says it: the option, else the labels. Parts at the end that are not known are left out. */
function localityOf({ proxyLocality, proxyLabels }: ProxyOptions): string {
  const { region, zone, subZone } = parseLocality(proxyLocality) ??
    topologyLocality(proxyLabels) ??
    labelledLocality(proxyLabels) ?? { region: "", zone: "", subZone: "" };
  return [region, zone, subZone].join("/").replace(/\/+$/, "");
}

/**
 * The namespaces that somebody tells apart from others: those that something is exported to, or kept from; those with DestinationRules
 * of their own, which come before others; those with services, whose proxies know them by their first names and take
 * them before others of the same host; those whose Secrets and policies are their own.
 */
function namespacesIn(
  resources: Pick<ResourceSet, (typeof ASKING)[number]>,
  conditions: readonly SourceCondition[],
  workloads: readonly AnnotatedWorkload[],
): ReadonlySet<string> {
  const {
    destinationRules,
    neighbours,
    proxyConfigs,
    requestAuthentications,
    secrets,
    serviceEntries,
    services,
    sidecars,
    virtualServices,
  } = resources;
  const exported = [
    ...exportedIn(virtualServices).flat(),
    ...serviceEntries.map(({ namespace, spec }) => ({ namespace, exportTo: spec.exportTo })),
    ...services.map((service) => ({ namespace: service.namespace, exportTo: serviceExportTo(service) })),
  ];
  const owners = [
    ...destinationRules,
    ...services,
    ...serviceEntries,
    ...secrets,
    ...sidecars,
    ...proxyConfigs,
    ...resourcesOf(workloads),
    ...neighbours,
    ...requestAuthentications,
    // One for all namespaces may import to each of them its own rules.
    ...(sidecars.length > 0 ? virtualServices : []),
  ];
  return new Set([
    ...owners.map(({ namespace }) => namespace),
    // One that was not told may be any, for policies.
    ...(neighbours.length + requestAuthentications.length + sidecars.length > 0
      ? [DEFAULT_PROXY_OPTIONS.proxyNamespace]
      : []),
    ...destinationRules.flatMap(({ spec }) => spec.exportTo ?? []),
    ...exported.flatMap(({ namespace, exportTo = [] }) =>
      exportTo.every((entry) => entry === "*") ? [] : [namespace, ...exportTo],
    ),
    ...conditions.flatMap(({ sourceNamespace = "" }) => (sourceNamespace === "" ? [] : [sourceNamespace])),
    // An entry may have the name of a service of a namespace that has none.
    ...serviceEntries.flatMap(({ spec }) =>
      (spec.hosts ?? []).flatMap((host) => /^[^.]+\.([^.]+)\.svc\./i.exec(host)?.[1]?.toLowerCase() ?? []),
    ),
  ]);
}

function resourcesOf(workloads: readonly AnnotatedWorkload[]): readonly Resource<unknown>[] {
  return workloads.map(({ resource }) => resource);
}

/** Nothing that a namespace can be called, nor a sign that rules have for namespaces, such as `*`, `.` and `~`. */
const OTHER_NAMESPACE = "-";

/** A name that is none of these. */
function unlike(name: string, names: ReadonlySet<string>): string {
  return names.has(name) ? unlike(`${name}${OTHER_NAMESPACE}`, names) : name;
}

function distinct(selectors: readonly Labels[]): Labels[] {
  const byText = new Map(selectors.map((selector) => [JSON.stringify(selector), selector]));
  return [...byText.values()].filter((selector) => Object.keys(selector).length > 0);
}
