/** What the names of rules in samples mean, and which of them somebody means who asks for a rule. */

import { matchLabel, routeLabel, ruleLabel } from "../../back/stat-names.ts";
import { type Compilation, resourcesOf } from "../../compile.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { positionAt, rangeOf } from "../../diagnostics/position.ts";
import type { Span } from "../../diagnostics/span.ts";
import { describeResource } from "../../front/resources/describe-resource.ts";
import type { Route, RouteOrigin } from "../../ir/ir.ts";

/** A rule, or one of its matches where it has several. */
export interface RuleName {
  /** The labels of its statistics. */
  readonly rule: string;
  readonly match?: string;
  /** `reviews.yaml:24` */
  readonly place: string;
  /** Whether it forwards requests under another host, or another path, so that the one of the client is kept beside it. */
  readonly rewritesHost: boolean;
  readonly rewritesPath: boolean;
}

/** Rules that somebody is told of, where none is called as they said. */
const MOST_NEAR = 5;

export class RuleNames {
  readonly #origins = new Map<string, { readonly name: RuleName; readonly origin: RouteOrigin }>();
  /** Names of clusters that stand for another one: those of faults before it. */
  readonly #clusters = new Map<string, string>();

  readonly #sources: Pick<Compilation, "sources">;

  constructor(compilation: Pick<Compilation, "config" | "sources">) {
    this.#sources = compilation;
    const { config } = compilation;
    for (const { routes } of config.listeners) {
      for (const route of routes.virtualHosts.flatMap((host) => host.routes)) {
        if (route.origin !== undefined) {
          this.#add(route, route.origin);
        }
      }
    }
    for (const { name, cluster } of config.upstreamFaults ?? []) {
      this.#clusters.set(name, cluster);
    }
  }

  /** By what logs call it: see `routeLabel`. */
  get(label: string): RuleName | undefined {
    return this.#origins.get(label)?.name;
  }

  /** The cluster behind the fault that a sample names. */
  clusterOf(name: string): string {
    return this.#clusters.get(name) ?? name;
  }

  /**
   * What logs call the rules that somebody means by a label, by the name of a rule (`canary`, or `canary.mobile` of a match) or
   * by its place (`reviews.yaml:24`).
   */
  find(wanted: string): ReadonlySet<string> {
    const found = new Set<string>();
    const place = /^(.+):(\d+)$/.exec(wanted);
    const wholeOf = place === null ? undefined : this.#wholeRules();
    for (const [label, { name, origin }] of this.#origins) {
      const isMeant =
        label === wanted ||
        name.rule === wanted ||
        origin.id === wanted ||
        origin.id.endsWith(`#${wanted}`) ||
        name.rule.endsWith(`#${wanted}`) ||
        (place !== null && standsAt(wholeOf?.(origin) ?? origin.span, place[1]!, Number(place[2])));
      if (isMeant) {
        found.add(label);
      }
    }
    return found;
  }

  /** Rules that are called much like it, or the first ones that there are. */
  near(wanted: string): readonly string[] {
    const labels = [...new Set([...this.#origins.values()].map(({ name }) => name.rule))];
    const own = new Map(labels.map((label) => [label.slice(label.indexOf("#") + 1), label]));
    const best = nearest(wanted, labels) ?? own.get(nearest(wanted, own.keys()) ?? "");
    const within = labels.filter((label) => label.includes(wanted) || wanted.includes(label.split("#")[0]!));
    const near = [...new Set([...(best === undefined ? [] : [best]), ...within])];
    return (near.length > 0 ? near : labels).slice(0, MOST_NEAR);
  }

  /** An origin may be one of several matches; somebody may point to what all of them have. */
  #wholeRules(): (origin: RouteOrigin) => Span | undefined {
    const resources = new Map(
      resourcesOf(this.#sources).virtualServices.map((one) => [describeResource(one), one]),
    );
    return ({ resource, rule }) => resources.get(resource)?.spanOf(["spec", "http", rule]);
  }

  #add({ action }: Route, origin: RouteOrigin): void {
    const label = routeLabel(origin);
    const known = this.#origins.get(label)?.name;
    const match = matchLabel(origin);
    const { file, start } = origin.span;
    const rewrites = action.kind === "forward";
    this.#origins.set(label, {
      origin,
      name: {
        rule: ruleLabel(origin),
        ...(match !== "" && { match }),
        place: `${file.path}:${positionAt(file, start).line}`,
        rewritesHost:
          known?.rewritesHost === true ||
          (rewrites &&
            (action.hostRewrite !== undefined ||
              action.destinations.some(({ hostRewrite }) => hostRewrite !== undefined))),
        rewritesPath: known?.rewritesPath === true || (rewrites && action.rewrite !== undefined),
      },
    });
  }
}

function standsAt(span: Span, path: string, line: number): boolean {
  const { start, end } = rangeOf(span);
  const named = span.file.path;
  return (
    (named === path || named.endsWith(`/${path.replace(/^\.\//, "")}`)) &&
    start.line <= line &&
    line <= end.line
  );
}
