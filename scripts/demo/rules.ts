/**
 * The rules as the demo shows them: one entry for each rule of the input that can be seen at work, with its place in
 * the file and what the compiler made of it. What is expected of a request is taken from there, so that an edited
 * rule changes what the demo expects.
 */

import path from "node:path";
import {
  type Cluster,
  type Compilation,
  type Listener,
  type Resource,
  type ResourceSet,
  type Route,
  resourcesOf,
  type Span,
  type VirtualHost,
} from "../../compiler/index.ts";
import { compareStrings } from "../../compiler/ir/text.ts";

export type Rule = HttpRule | GatewayRule | DestinationRule | ServiceEntryRule;

interface Common {
  /** `VirtualService reviews` */
  readonly resource: string;
  /** The rule's own name within the resource; empty for the resource as a whole. */
  readonly name: string;
  readonly span: Span;
}

/** One item of a VirtualService's `http`, at one listener. */
export interface HttpRule extends Common {
  readonly kind: "http";
  readonly listener: Listener;
  readonly host: VirtualHost;
  /** One for each of its matches. */
  readonly routes: readonly Route[];
}

export interface GatewayRule extends Common {
  readonly kind: "gateway";
  readonly listeners: readonly Listener[];
}

export interface DestinationRule extends Common {
  readonly kind: "destination";
  readonly host: string;
  /** As it is written. */
  readonly spec: unknown;
  /** Those made of it that are in use. */
  readonly clusters: readonly Cluster[];
}

export interface ServiceEntryRule extends Common {
  readonly kind: "serviceEntry";
  readonly hosts: readonly string[];
}

/** In the order of the files and of the lines in them; what opens a gateway comes first, as it does for a request. */
export function listRules(compilation: Compilation): Rule[] {
  const { config } = compilation;
  const resources = resourcesOf(compilation);
  const rules: Rule[] = [
    ...config.listeners.flatMap((listener) => httpRules(listener, config.clusters, resources)),
    ...resources.gateways.map((gateway) => gatewayRule(gateway, config.listeners)),
    ...resources.destinationRules.map((rule) => destinationRule(rule, config.clusters)),
    ...serviceEntryRules(resources),
  ];
  const edge = new Set(resources.gateways.map(({ span }) => span.file.path));
  const isEdge = (rule: Rule) => Number(edge.has(rule.span.file.path));
  return rules.sort(
    (a, b) =>
      isEdge(b) - isEdge(a) ||
      compareStrings(a.span.file.path, b.span.file.path) ||
      a.span.start - b.span.start,
  );
}

/** Those of `after` that are new, or say something else than before. */
export function changedRules(before: readonly Rule[], after: readonly Rule[]): Rule[] {
  const old = new Map(before.map((rule) => [`${rule.resource}/${rule.name}`, content(rule)]));
  return after.filter((rule) => old.get(`${rule.resource}/${rule.name}`) !== content(rule));
}

/** What a rule says, without the place where it stands. */
function content(rule: Rule): string {
  switch (rule.kind) {
    case "http":
      return JSON.stringify([rule.host.domains, rule.routes.map(({ origin: _, ...route }) => route)]);
    case "gateway":
      return JSON.stringify(rule.listeners.map(({ name, port }) => [name, port]));
    case "destination":
      return JSON.stringify(rule.spec);
    case "serviceEntry":
      return JSON.stringify(rule.hosts);
  }
}

/** `reviews.yaml:35` */
export function whereIs({ file, start }: Span): string {
  return `${path.basename(file.path)}:${lineOf(file.text, start)}`;
}

function httpRules(
  listener: Listener,
  clusters: readonly Cluster[],
  { virtualServices }: ResourceSet,
): HttpRule[] {
  const names = new Set(clusters.map(({ name }) => name));
  const leadsSomewhere = ({ action }: Route) =>
    action.kind !== "forward" || action.destinations.some(({ cluster }) => names.has(cluster));
  // A rule stands in several virtual hosts, one for each port or host it may be asked by; also on port 80, which most
  // services do not have. One of them is asked, the last in which it leads somewhere.
  const hosts = new Map<string, VirtualHost>();
  for (const host of listener.routes.virtualHosts) {
    for (const route of host.routes) {
      const key = keyOf(route);
      if (key !== undefined && (leadsSomewhere(route) || !hosts.has(key))) {
        hosts.set(key, host);
      }
    }
  }
  return [...hosts].map(([key, host]) => {
    const routes = host.routes.filter((route) => keyOf(route) === key);
    const origin = routes[0]!.origin!;
    const resource = virtualServices.find(
      ({ span }) =>
        span.file.path === origin.span.file.path &&
        span.start <= origin.span.start &&
        origin.span.end <= span.end,
    );
    return {
      kind: "http",
      resource: `VirtualService ${resource?.name ?? origin.resource}`,
      name: resource?.spec.http?.[origin.rule]?.name ?? `http[${origin.rule + 1}]`,
      // The rule itself, and not the one of its matches that this route is made of.
      span: resource?.spanOf(["spec", "http", origin.rule]) ?? origin.span,
      listener,
      host,
      routes,
    };
  });
}

function keyOf({ origin }: Route): string | undefined {
  return origin === undefined ? undefined : `${origin.resource}#${origin.rule}`;
}

function gatewayRule(gateway: Resource<unknown>, listeners: readonly Listener[]): GatewayRule {
  return {
    kind: "gateway",
    resource: `Gateway ${gateway.name}`,
    name: "",
    span: gateway.span,
    listeners: listeners.filter(({ role }) => role === "gateway"),
  };
}

function destinationRule(
  rule: ResourceSet["destinationRules"][number],
  clusters: readonly Cluster[],
): DestinationRule {
  const { host } = rule.spec;
  // A name without dots is a service of the rule's own namespace.
  const fqdn = host.includes(".") ? host : `${host}.${rule.namespace}.svc.`;
  return {
    kind: "destination",
    resource: `DestinationRule ${rule.name}`,
    name: "",
    span: rule.span,
    host,
    spec: rule.spec,
    clusters: clusters.filter(({ name }) => {
      const clusterHost = name.split("|")[3] ?? "";
      return clusterHost === fqdn || (fqdn.endsWith(".") && clusterHost.startsWith(fqdn));
    }),
  };
}

function serviceEntryRules({ serviceEntries }: ResourceSet): ServiceEntryRule[] {
  return serviceEntries.map((entry) => ({
    kind: "serviceEntry",
    resource: `ServiceEntry ${entry.name}`,
    name: "",
    span: entry.span,
    hosts: entry.spec.hosts,
  }));
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
