/**
 * What serves, as the page shows it: files, the rules with the places of their lines, and listener by listener the hosts with their rules
 * in the order in which they are tried. Pure: made once for each change that serves, from what was compiled.
 */

import { conditionsOf } from "../answers/explain/explanation.ts";
import { labelValue, matchLabel, ruleLabel } from "../back/stat-names.ts";
import type { Compilation } from "../compile.ts";
import { lineCount, rangeOf } from "../diagnostics/position.ts";
import type { SourceFile, Span } from "../diagnostics/span.ts";
import type { FieldPath, Resource, ResourceSet, VirtualServiceSpec } from "../front/resources/model.ts";
import type { Fault, Listener, Route, RouteOrigin, VirtualHost } from "../ir/ir.ts";
import { formatSocket } from "../ir/sockets.ts";
import type { ListenerView, RulesView, RuleView } from "./api.ts";

export type ServedView = Pick<RulesView, "files" | "rules" | "listeners" | "clusters" | "counts">;

/** A rule while its listeners are still being found. */
type Gathered = Omit<RuleView, "listeners"> & { readonly listeners: string[] };

/** `resources` are those of the compilation's sources: they know where their fields stand. */
export function servedView(
  { config, sources, blobs }: Pick<Compilation, "config" | "sources" | "blobs">,
  resources: Pick<ResourceSet, "virtualServices">,
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
  const filtered = config.listeners.filter(({ name }) => blobs.has(name)).length;
  return {
    files: sources.map((file) => ({ path: file.path, lines: lineCount(file) })),
    rules: rules.map(([, rule]) => rule),
    listeners: config.listeners.map((listener) => listenerView(listener, blobs.has(listener.name), indices)),
    clusters: config.clusters.map(({ name }) => labelValue(name)),
    counts: filtered === 0 ? "none" : filtered === config.listeners.length ? "all" : "filtered",
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
  const lines = places.of(origin);
  return {
    id: ruleLabel(origin),
    ...(label !== "" && { match: label }),
    name: nameOf(origin),
    resource: origin.resource,
    conditions: conditionsOf(match),
    ...lines,
    ...(label !== "" && { matchLine: places.ofMatch(origin) }),
    destinations:
      action.kind === "forward"
        ? action.destinations.map(({ cluster, weight }, i) => ({
            cluster: labelValue(cluster),
            line: places.ofDestination(origin, i) ?? lines.line,
            weight,
          }))
        : [],
    ...(action.kind === "redirect" && { answers: "redirect" }),
    ...(action.kind === "directResponse" && { answers: "direct" }),
    ...(fault && faultView(fault, (part) => places.ofField(origin, ["fault", part]))),
  };
}

function faultView(
  { delay, abort }: Fault,
  lineOf: (part: "delay" | "abort") => number | undefined,
): Pick<RuleView, "delay" | "abort"> {
  return {
    ...(delay && {
      delay: { ms: delay.fixedMs, percent: percentOf(delay.perMillion), ...lineIn(lineOf("delay")) },
    }),
    ...(abort && {
      abort: {
        status: abort.kind === "grpc" ? `gRPC ${abort.status}` : String(abort.status),
        percent: percentOf(abort.perMillion),
        ...lineIn(lineOf("abort")),
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

interface LinesOfRule {
  readonly file: number;
  readonly line: number;
  readonly lastLine: number;
}

/** Where rules and their destinations stand. */
class Places {
  readonly #files: ReadonlyMap<SourceFile, number>;
  readonly #resources: ReadonlyMap<string, Resource<VirtualServiceSpec>>;

  constructor(sources: readonly SourceFile[], { virtualServices }: Pick<ResourceSet, "virtualServices">) {
    this.#files = new Map(sources.map((file, i) => [file, i]));
    this.#resources = new Map(
      virtualServices.map((one) => [`${one.kind} ${one.namespace}/${one.name}`, one]),
    );
  }

  /** Of the whole rule. */
  of({ resource, rule, match, span }: RouteOrigin): LinesOfRule {
    const whole =
      match === undefined ? undefined : this.#resources.get(resource)?.spanOf(["spec", "http", rule]);
    return this.#linesOf(whole ?? span);
  }

  ofMatch({ span }: RouteOrigin): number {
    return this.#linesOf(span).line;
  }

  /** The line of one of the destinations that a route has: those without weight have none. */
  ofDestination(origin: RouteOrigin, index: number): number | undefined {
    const split = this.#resources.get(origin.resource)?.spec.http?.[origin.rule]?.route ?? [];
    const used = [...split.keys()].filter((i) => split.length === 1 || (split[i]!.weight ?? 0) > 0);
    return used[index] === undefined ? undefined : this.ofField(origin, ["route", used[index]]);
  }

  /** The line of something in a rule. */
  ofField({ resource, rule }: RouteOrigin, path: FieldPath): number | undefined {
    const span = this.#resources.get(resource)?.spanOf(["spec", "http", rule, ...path]);
    return span && this.#linesOf(span).line;
  }

  #linesOf(span: Span): LinesOfRule {
    const { start, end } = rangeOf(span);
    return { file: this.#files.get(span.file) ?? -1, line: start.line, lastLine: end.line };
  }
}
