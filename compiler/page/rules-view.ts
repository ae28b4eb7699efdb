/**
 * What serves, as the page shows it: files, the rules with the places of their lines, and listener by listener the hosts with their rules
 * in the order in which they are tried. Pure: made once for each change that serves, from what was compiled.
 */

import { conditionsOf } from "../answers/explain/explanation.ts";
import { isCountedByRoute } from "../back/route-counters.ts";
import { labelValue, matchLabel, ruleLabel } from "../back/stat-names.ts";
import type { Compilation } from "../compile.ts";
import { lineCount, rangeOf } from "../diagnostics/position.ts";
import type { SourceFile } from "../diagnostics/span.ts";
import type { Resource, ResourceSet, VirtualServiceSpec } from "../front/resources/model.ts";
import type { Fault, Listener, Route, RouteOrigin, VirtualHost } from "../ir/ir.ts";
import { formatSocket } from "../ir/sockets.ts";
import type { ProxyOptions } from "../options.ts";
import type { ListenerView, RulesView, RuleView } from "./api.ts";
import { type RuleLines, ruleLines } from "./rule-lines.ts";

export type ServedView = Pick<RulesView, "files" | "rules" | "listeners" | "clusters" | "counts">;

/** A rule while its listeners are still being found. */
type Gathered = Omit<RuleView, "listeners"> & { readonly listeners: string[] };

/**
 * `resources` are those of the compilation's sources: they know where their fields stand. `ruleCounters` is the proxy's option, by which requests
 * are counted by rule.
 */
export function servedView(
  { config, sources, blobs }: Pick<Compilation, "config" | "sources" | "blobs">,
  resources: Pick<ResourceSet, "virtualServices">,
  ruleCounters: ProxyOptions["ruleCounters"] = "auto",
): ServedView {
  const places = new Places(sources, resources);
  const found = new Map<string, Gathered>();
  for (const listener of config.listeners) {
    for (const route of listener.routes.virtualHosts.flatMap(({ routes }) => routes)) {
      const { origin } = route;
      if (origin === undefined) {
        continue;
      }
      const key = keyOf(origin);
      const known = found.get(key);
      if (known === undefined) {
        found.set(key, { ...ruleView(route, origin, places), listeners: [listener.name] });
      } else if (known.listeners.at(-1) !== listener.name) {
        known.listeners.push(listener.name);
      }
    }
  }
  const rules = [...found].sort(
    ([, a], [, b]) => a.file - b.file || a.line - b.line || (a.matchLine ?? 0) - (b.matchLine ?? 0),
  );
  const indices = new Map(rules.map(([key], i) => [key, i]));
  const isCounted = (listener: Listener) =>
    blobs.has(listener.name) ? ruleCounters !== "off" : isCountedByRoute(listener, { ruleCounters });
  const counted = config.listeners.filter(isCounted).length;
  return {
    files: sources.map((file) => ({ path: file.path, lines: lineCount(file) })),
    rules: rules.map(([, rule]) => rule),
    listeners: config.listeners.map((listener) => listenerView(listener, isCounted(listener), indices)),
    clusters: config.clusters.map(({ name }) => labelValue(name)),
    counts: counted === 0 ? "none" : counted === config.listeners.length ? "all" : "filtered",
  };
}

/** One rule, or one of its matches. */
function keyOf({ id }: RouteOrigin): string {
  return id;
}

function ruleView(
  { fault, match, action }: Route,
  origin: RouteOrigin,
  places: Places,
): Omit<RuleView, "listeners"> {
  const label = matchLabel(origin);
  const { file, line, lastLine, matches, route, delay, abort } = places.of(origin);
  return {
    id: ruleLabel(origin),
    ...(label !== "" && { match: label }),
    name: nameOf(origin),
    resource: origin.resource,
    conditions: conditionsOf(match),
    file,
    line,
    lastLine,
    ...(label !== "" && { matchLine: matches[origin.match ?? 0] ?? line }),
    destinations:
      action.kind === "forward"
        ? action.destinations.map(({ cluster, weight }, i) => ({
            cluster: labelValue(cluster),
            line: route[i] ?? line,
            weight,
          }))
        : [],
    ...(action.kind === "redirect" && { answers: "redirect" }),
    ...(action.kind === "directResponse" && { answers: "direct" }),
    ...(fault && faultView(fault, { delay, abort })),
  };
}

function faultView(
  { delay, abort }: Fault,
  lines: { readonly delay: number | undefined; readonly abort: number | undefined },
): Pick<RuleView, "delay" | "abort"> {
  return {
    ...(delay && {
      delay: { ms: delay.fixedMs, percent: percentOf(delay.perMillion), ...lineIn(lines.delay) },
    }),
    ...(abort && {
      abort: {
        status: abort.kind === "grpc" ? `gRPC ${abort.status}` : String(abort.status),
        percent: percentOf(abort.perMillion),
        ...lineIn(lines.abort),
      },
    }),
  };
}

function percentOf(perMillion: number): number {
  return perMillion / 10_000;
}

function lineIn(line: number | undefined): { readonly line?: number } {
  return line === undefined ? {} : { line };
}

/** `split`, or `rule 2 of shop/reviews` for one that has no name of its own. */
function nameOf({ ruleId, resource, rule }: RouteOrigin): string {
  const own = ruleId.slice(ruleId.indexOf("#") + 1);
  return own === String(rule + 1) ? `rule ${own} of ${resource.replace(/^\w+ /, "")}` : own;
}

function listenerView(
  { name, address, port, role, tls, routes }: Listener,
  counted: boolean,
  indices: ReadonlyMap<string, number>,
): ListenerView {
  return {
    name,
    address: formatSocket(address, port),
    role,
    tls: tls !== undefined,
    counted,
    hosts: routes.virtualHosts.map((host) => ({
      name: host.name,
      domains: host.domains,
      rules: rulesOf(host, indices),
    })),
  };
}

function rulesOf({ routes }: VirtualHost, indices: ReadonlyMap<string, number>): number[] {
  return routes.flatMap(({ origin }) => (origin === undefined ? [] : [indices.get(keyOf(origin))!]));
}

/** Where rules and their destinations stand. */
class Places {
  readonly #files: ReadonlyMap<SourceFile, number>;
  readonly #resources: ReadonlyMap<string, Resource<VirtualServiceSpec>>;
  readonly #lines = new Map<Resource<VirtualServiceSpec>, readonly RuleLines[]>();

  constructor(sources: readonly SourceFile[], { virtualServices }: Pick<ResourceSet, "virtualServices">) {
    this.#files = new Map(sources.map((file, i) => [file, i]));
    this.#resources = new Map(
      virtualServices.map((one) => [`${one.kind} ${one.namespace}/${one.name}`, one]),
    );
  }

  /** `route` has the destinations that a route has: those without weight have none. */
  of({ resource, rule, span }: RouteOrigin): RuleLines & { readonly file: number } {
    const file = this.#files.get(span.file) ?? -1;
    const known = this.#resources.get(resource);
    const lines = known && this.#linesOf(known)[rule];
    if (lines === undefined) {
      const { start, end } = rangeOf(span);
      return { file, line: start.line, lastLine: end.line, matches: [], route: [] };
    }
    const split = known?.spec.http?.[rule]?.route ?? [];
    const route = lines.route.filter((_, i) => split.length === 1 || (split[i]?.weight ?? 0) > 0);
    return { file, ...lines, route };
  }

  #linesOf(resource: Resource<VirtualServiceSpec>): readonly RuleLines[] {
    const lines = this.#lines.get(resource) ?? ruleLines(resource);
    this.#lines.set(resource, lines);
    return lines;
  }
}
