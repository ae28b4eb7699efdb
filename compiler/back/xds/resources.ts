/**
 * IR → what one Envoy is told, for both targets. A pure function: equal input gives equal resources, nothing is read,
 * nothing is written, and nothing of Istio is known here.
 */

import { isLookedUp } from "../../ir/discovery.ts";
import type { DnsServer } from "../../ir/dns.ts";
import { bySocket } from "../../ir/filter-chains.ts";
import type { Cluster, Config, Listener } from "../../ir/ir.ts";
import { normalizationOf } from "../../ir/path-normalization.ts";
import { classesOf } from "../../ir/route-class.ts";
import { compareStrings } from "../../ir/text.ts";
import { logOf } from "../log-of.ts";
import { emitCluster } from "./cluster.ts";
import { emitDnsListener } from "./dns-listener.ts";
import { forwardsByAuthority } from "./dynamic-forward-proxy.ts";
import { emitLoadAssignment } from "./endpoints.ts";
import { emitListener } from "./listener.ts";
import { emitNativeRoutes } from "./native-routes.ts";
import { type EmitContext, type EmitOptions, isFiltered, routeTableName } from "./options.ts";
import type { Places } from "./places.ts";
import { typed } from "./protobuf.ts";
import { keyOf, type Reference, Resource, type ResourceSet, type ResourceType } from "./resource-set.ts";
import type { EnvoyRoute, RouteConfiguration } from "./route-configuration.ts";
import { emitSecret } from "./secrets.ts";
import { emitTraceCluster } from "./tracing.ts";
import { emitUpstreamFaultCluster, emitUpstreamFaultListener } from "./upstream-fault.ts";
import { emitExtensionConfig } from "./wasm-filter.ts";
import { emitClasses, emitClassRoutes, withClasses } from "./wasm-routes.ts";

/** A server may speak first: then its protocol is not HTTP, and this is how long that takes to tell. */
const DETECTION_TIMEOUT_MS = 5_000;

export function emitResources(config: Config, options: EmitOptions): ResourceSet {
  const { places } = options;
  const listeners = sortedByName(config.listeners);
  const upstreamFaults = sortedByName(config.upstreamFaults ?? []);
  const secrets = config.secrets ?? [];
  const context = {
    ...options,
    secrets: new Map(secrets.map((secret) => [secret.name, secret])),
    normalization: normalizationOf(config),
    log: logOf(config, options),
    detectionTimeoutMs: config.detectionTimeoutMs ?? DETECTION_TIMEOUT_MS,
  };

  const isForwardProxy = forwardsByAuthority(config);
  const sockets = bySocket([...listeners, ...sortedByName(config.tcpChains ?? [])]);
  const clusters = clustersOf(config.clusters, context);
  const traces = emitTraceCluster(context);
  return {
    listener: byName([
      ...sockets.map((sharing) => {
        const { needs, isKey, message } = withNeeds(context, (own) =>
          emitListener(sharing, isForwardProxy, own),
        );
        return new Resource({ type: "listener", name: message.name, message, needs, isKey });
      }),
      ...upstreamFaults.map((fault) => {
        const message = emitUpstreamFaultListener(fault);
        return new Resource({ type: "listener", name: message.name, message });
      }),
      ...(config.dns === undefined ? [] : [dnsResource(config.dns)]),
    ]),
    cluster:
      upstreamFaults.length === 0 && traces === undefined
        ? clusters.cluster
        : byName([
            ...clusters.cluster.values(),
            ...upstreamFaults.map((fault) => {
              const message = emitUpstreamFaultCluster(fault, clusters.named.get(fault.cluster));
              return new Resource({ type: "cluster", name: message.name, message });
            }),
            ...(traces === undefined
              ? []
              : [new Resource({ type: "cluster", name: traces.name, message: traces })]),
          ]),
    routes: byName(
      listeners
        .map((listener) => ({ listener, name: routeTableName(listener, options) }))
        .filter(({ name }) => places.sourceOf("routes", name) !== undefined)
        .map(({ listener, name }) =>
          isFiltered(listener, options)
            ? classesResource(name, listener)
            : routesResource(emitNativeRoutes(listener, name, context)),
        ),
    ),
    extension: byName(
      listeners
        .filter(
          (listener) =>
            isFiltered(listener, options) && places.sourceOf("extension", listener.name) !== undefined,
        )
        .map((listener) => program(listener, context)),
    ),
    endpoints: clusters.endpoints,
    secret: byName(
      secrets
        .filter(({ name }) => places.sourceOf("secret", name) !== undefined)
        .map(
          (secret) =>
            new Resource({ type: "secret", name: secret.name, message: emitSecret(secret), isKey: true }),
        ),
    ),
  };
}

function dnsResource(dns: DnsServer): Resource<"listener"> {
  const message = emitDnsListener(dns);
  return new Resource({ type: "listener", name: message.name, message });
}

/**
 * The same set with other endpoints for some of its clusters; everything else is shared. `undefined`: the endpoints of one
 * of them are not apart from it.
 */
export function withEndpoints(set: ResourceSet, clusters: readonly Cluster[]): ResourceSet | undefined {
  if (clusters.some(({ name, discovery }) => discovery.kind !== "eds" || !set.endpoints.has(name))) {
    return undefined;
  }
  const all = new Map(set.endpoints);
  for (const cluster of clusters) {
    all.set(cluster.name, endpoints(cluster));
  }
  return clusters.length === 0 ? set : { ...set, endpoints: all };
}

function classesResource(name: string, listener: Listener): Resource<"routes"> {
  const classes = emitClasses(listener);
  return routesResource(emitClassRoutes(name, classes, listener), classes);
}

/** A table of route classes with others in their place, which may be those of several versions of a listener. */
export function resourceWithClasses(
  table: Resource<"routes">,
  classes: ReadonlyMap<string, EnvoyRoute>,
): Resource<"routes"> {
  return routesResource(withClasses(table.message, classes), classes);
}

function routesResource(
  routes: RouteConfiguration,
  classes?: ReadonlyMap<string, EnvoyRoute>,
): Resource<"routes"> {
  const message = typed("envoy.config.route.v3.RouteConfiguration", routes);
  return new Resource({ type: "routes", name: routes.name, message, ...(classes && { classes }) });
}

/** What the filter decides by; it names the route classes of its listener. */
function program({ name, routes }: Listener, context: EmitContext): Resource<"extension"> {
  const needs = [...classesOf(routes).keys()].map((name) => ({ type: "class" as const, name }));
  return new Resource({ type: "extension", name, message: emitExtensionConfig(name, context), needs });
}

/**
 * What was made of a cluster, which never changes: proxies of one mesh have most of them in common, and so the digests and
 * the bytes of what they are told.
 */
const clusterResources = new WeakMap<Places, WeakMap<Cluster, Resource<"cluster">>>();
const endpointResources = new WeakMap<Cluster, Resource<"endpoints">>();

/** All clusters of a configuration. */
interface EmittedClusters {
  readonly named: ReadonlyMap<string, Cluster>;
  readonly cluster: ResourceSet["cluster"];
  readonly endpoints: ResourceSet["endpoints"];
}

/** The same of whole lists, so that what differs between what two proxies are told is looked for among the rest alone. */
const clusterLists = new WeakMap<Places, WeakMap<readonly Cluster[], EmittedClusters>>();

function clustersOf(all: readonly Cluster[], context: EmitContext): EmittedClusters {
  const { places } = context;
  const known = clusterLists.get(places) ?? new WeakMap<readonly Cluster[], EmittedClusters>();
  clusterLists.set(places, known);
  const before = known.get(all);
  if (before !== undefined) {
    return before;
  }
  const clusters = sortedByName(all.filter(canBeWritten));
  const hasPlace = ({ name, discovery }: Cluster) =>
    discovery.kind === "eds" && places.sourceOf("endpoints", name) !== undefined;
  const made = {
    named: new Map(clusters.map((cluster) => [cluster.name, cluster])),
    cluster: byName(clusters.map((cluster) => clusterResource(cluster, context))),
    endpoints: byName(clusters.filter(hasPlace).map(endpoints)),
  };
  if (all.every(({ tls }) => tls === undefined)) {
    known.set(all, made);
  }
  return made;
}

function clusterResource(cluster: Cluster, context: EmitContext): Resource<"cluster"> {
  const known = clusterResources.get(context.places) ?? new WeakMap();
  clusterResources.set(context.places, known);
  const before = known.get(cluster);
  if (before !== undefined) {
    return before;
  }
  const parts = withNeeds(context, (own) => emitCluster(cluster, own));
  const made = new Resource({ type: "cluster", name: cluster.name, ...parts });
  // A secret that has no place of its own is written into it.
  if (cluster.tls === undefined) {
    known.set(cluster, made);
  }
  return made;
}

function endpoints(cluster: Cluster): Resource<"endpoints"> {
  const known = endpointResources.get(cluster);
  if (known !== undefined) {
    return known;
  }
  const { name, discovery } = cluster;
  const assignment = emitLoadAssignment(name, discovery.endpoints);
  const message = typed("envoy.config.endpoint.v3.ClusterLoadAssignment", assignment);
  const made = new Resource({ type: "endpoints", name, message });
  endpointResources.set(cluster, made);
  return made;
}

/** A message, and what its emitter asked a place for: that is what it needs, and what has none is written into it. */
function withNeeds<Message>(
  context: EmitContext,
  emit: (own: EmitContext) => Message,
): { readonly message: Message; readonly needs: readonly Reference[]; readonly isKey: boolean } {
  const needs = new Map<string, Reference>();
  let isKey = false;
  const places: Places = {
    ...context.places,
    sourceOf(type, name) {
      const source = context.places.sourceOf(type, name);
      if (source !== undefined) {
        needs.set(keyOf({ type, name }), { type, name });
      } else if (type === "secret") {
        isKey ||= context.secrets.get(name)?.content.kind === "certificate";
      }
      return source;
    },
  };
  const message = emit({ ...context, places });
  return { message, needs: [...needs.values()], isKey };
}

function byName<Type extends ResourceType>(
  resources: readonly Resource<Type>[],
): ReadonlyMap<string, Resource<Type>> {
  return new Map(resources.map((resource) => [resource.name, resource]));
}

/** Envoy refuses a DNS cluster without a name to resolve; without the cluster, its requests get a 503. */
function canBeWritten({ discovery }: Cluster): boolean {
  return discovery.kind === "eds" || isLookedUp(discovery.kind) || discovery.endpoints.length > 0;
}

function sortedByName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => compareStrings(a.name, b.name));
}
