/**
 * `http[].delegate`: the rules of another VirtualService in place of a rule, as istiod puts them there. What comes
 * out is a VirtualService like any other, except that its parts stand in several files: it knows the place of each.
 */

import { nearest } from "../../../diagnostics/nearest.ts";
import type { Span } from "../../../diagnostics/span.ts";
import type { RouteOrigin } from "../../../ir/ir.ts";
import type { Annotations } from "../../resources/annotations.ts";
import { describeResource } from "../../resources/describe-resource.ts";
import type {
  FieldPath,
  HttpMatchRequest,
  HttpRoute,
  Resource,
  VirtualServiceSpec,
} from "../../resources/model.ts";
import { resolveHost } from "../../services/host-names.ts";
import type { Refused } from "../../services/refused.ts";
import { didYouMean, type Report } from "../../services/report.ts";
import { exposure } from "../../services/visibility.ts";
import { resolveGatewayName } from "./gateway-names.ts";
import { type MatchSource, mergeRules, NAMED_CONDITIONS } from "./merge-rules.ts";
import { matchId, ruleId } from "./rule-id.ts";

type VirtualServiceResource = Resource<VirtualServiceSpec>;

/** A VirtualService with the rules of its delegates in it. */
export interface Merged {
  /** As if it had been written in one piece; positions are those of the pieces. */
  readonly resource: VirtualServiceResource;
  /** What it was made of: the root first, then its delegates. */
  readonly sources: readonly VirtualServiceResource[];
  readonly originOf: (rule: number, match: number | undefined) => RouteOrigin;
  /** Those of the resource that wrote a rule, and of the one that delegates to it. */
  readonly annotationsOf: (rule: number) => Annotations;
  /** The resource that wrote a rule, then the one that delegates to it. */
  readonly writersOf: (rule: number) => readonly RuleWriter[];
}

/** A resource, and which of its rules. */
export interface RuleWriter {
  readonly resource: VirtualServiceResource;
  readonly rule: number;
}

/** Where a rule of the merged list was written. */
type RuleSource =
  | { readonly kind: "own"; readonly rule: number }
  | {
      readonly kind: "merged";
      readonly rootRule: number;
      readonly delegate: VirtualServiceResource;
      readonly leafRule: number;
      readonly matches: readonly MatchSource[];
    };

export class Delegates {
  readonly #all: readonly VirtualServiceResource[];
  readonly #domainSuffix: string;
  readonly #refused: Refused;
  readonly #report: Report;
  /** Made when it is asked for: most rules delegate to nobody. */
  #names: ReadonlyMap<string, VirtualServiceResource> | undefined;
  /** Rules with their names resolved, which each root that delegates to them needs. */
  readonly #resolved = new Map<VirtualServiceResource, readonly HttpRoute[]>();

  constructor(
    all: readonly VirtualServiceResource[],
    domainSuffix: string,
    refused: Refused,
    report: Report,
  ) {
    this.#all = all;
    this.#domainSuffix = domainSuffix;
    this.#refused = refused;
    this.#report = report;
  }

  get #byName(): ReadonlyMap<string, VirtualServiceResource> {
    this.#names ??= new Map(this.#all.map((resource) => [keyOf(resource), resource]));
    return this.#names;
  }

  merge(root: VirtualServiceResource): Merged {
    const own = root.spec.http ?? [];
    if (own.every((rule) => rule?.delegate === undefined)) {
      return {
        resource: root,
        sources: [root],
        originOf: originIn(root),
        annotationsOf: () => root.annotations,
        writersOf: (rule) => [{ resource: root, rule }],
      };
    }
    const rules: HttpRoute[] = [];
    const from: RuleSource[] = [];
    const delegates = new Set<VirtualServiceResource>();
    for (const [rootRule, rule] of this.#rulesOf(root).entries()) {
      if (rule.delegate === undefined) {
        rules.push(rule);
        from.push({ kind: "own", rule: rootRule });
        continue;
      }
      const delegate = this.#find(root, rootRule, rule.delegate);
      if (delegate === undefined) {
        continue;
      }
      delegates.add(delegate);
      for (const [leafRule, leaf] of this.#rulesOf(delegate).entries()) {
        const merged = mergeRules(rule, leaf);
        if ("leaf" in merged) {
          this.#reportOutside(root, rootRule, delegate, leafRule, merged.leaf);
        } else if (leaf.delegate === undefined) {
          rules.push(merged.rule);
          from.push({ kind: "merged", rootRule, delegate, leafRule, matches: merged.matches });
        }
      }
    }
    const resource = { ...root, spec: { ...root.spec, http: rules }, spanOf: spanIn(root, from) };
    return {
      resource,
      sources: [root, ...delegates],
      originOf: originOf(root, from),
      annotationsOf: (rule) => {
        const source = from[rule]!;
        return source.kind === "own"
          ? root.annotations
          : { ...root.annotations, ...source.delegate.annotations };
      },
      writersOf: (rule) => {
        const source = from[rule]!;
        return source.kind === "own"
          ? [{ resource: root, rule: source.rule }]
          : [
              { resource: source.delegate, rule: source.leafRule },
              { resource: root, rule: source.rootRule },
            ];
      },
    };
  }

  /** Names mean what they mean where they are written, which the merged rule would forget. */
  #rulesOf(resource: VirtualServiceResource): readonly HttpRoute[] {
    let rules = this.#resolved.get(resource);
    if (rules === undefined) {
      rules = (resource.spec.http ?? []).map((rule) => this.#resolve(rule, resource.namespace));
      this.#resolved.set(resource, rules);
    }
    return rules;
  }

  #resolve(rule: HttpRoute, namespace: string): HttpRoute {
    const resolved = <T extends { readonly host: string }>(destination: T): T => ({
      ...destination,
      host: resolveHost(destination.host, namespace, this.#domainSuffix),
    });
    const all = <T extends { readonly destination: { readonly host: string } }>(list: readonly T[]) =>
      list.map((item) =>
        item.destination === undefined ? item : { ...item, destination: resolved(item.destination) },
      );
    return {
      ...rule,
      ...(rule.match && { match: rule.match.map((match) => withGateways(match, namespace)) }),
      ...(rule.route && { route: all(rule.route) }),
      ...(rule.mirror && { mirror: resolved(rule.mirror) }),
      ...(rule.mirrors && { mirrors: all(rule.mirrors) }),
    };
  }

  #find(
    root: VirtualServiceResource,
    rule: number,
    { name = "", namespace }: { readonly name?: string; readonly namespace?: string },
  ): VirtualServiceResource | undefined {
    const key = `${namespace || root.namespace}/${name}`;
    const found = this.#byName.get(key);
    const at = root.spanOf(["spec", "http", rule, "delegate", "name"]);
    const fate = "this rule has no effect";
    if (found === undefined && this.#refused.has("VirtualService", key)) {
      return undefined;
    }
    if (found === undefined) {
      this.#report("SL0411", `unknown delegate: there is no VirtualService ${key}; ${fate}`, at, () =>
        didYouMean(nearest(key, this.#all.filter(isDelegate).map(keyOf))),
      );
      return undefined;
    }
    if (!isDelegate(found)) {
      this.#report(
        "SL0411",
        `VirtualService ${key} has hosts of its own, so other rules cannot delegate to it; ${fate}`,
        at,
        () => ({
          related: [{ message: "its hosts", span: found.spanOf(["spec", "hosts"]) }],
          help: "Remove the hosts of a VirtualService that is only used as a delegate.",
        }),
      );
      return undefined;
    }
    if (exposure(found.spec.exportTo, found.namespace, root.namespace) === undefined) {
      this.#report(
        "SL0411",
        `VirtualService ${key} is not exported to namespace ${root.namespace}; ${fate}`,
        at,
        () => ({ related: [{ message: "its exportTo", span: found.spanOf(["spec", "exportTo"]) }] }),
      );
      return undefined;
    }
    return found;
  }

  #reportOutside(
    root: VirtualServiceResource,
    rootRule: number,
    delegate: VirtualServiceResource,
    leafRule: number,
    match: number,
  ): void {
    this.#report(
      "SL0412",
      `this match is not inside any match of the rule that delegates to it, in VirtualService ${keyOf(root)}; the whole rule has no effect there`,
      delegate.spanOf(["spec", "http", leafRule, "match", match]),
      () => ({
        related: [
          { message: "the rule that delegates", span: root.spanOf(["spec", "http", rootRule, "match"]) },
        ],
        help: "A delegate can narrow the root's matches, but not widen them; only one of the two may use a regex.",
      }),
    );
  }

  /** VirtualServices that delegate to one another, or to themselves: each circle is said once. */
  reportCycles(): void {
    const done = new Set<VirtualServiceResource>();
    const roots = this.#all.filter(({ spec }) => spec.http?.some((rule) => rule?.delegate !== undefined));
    for (const start of roots) {
      this.#walk(start, done);
    }
  }

  /** Depth first, without recursion: a chain may be as long as the input. */
  #walk(start: VirtualServiceResource, done: Set<VirtualServiceResource>): void {
    const path: { readonly at: VirtualServiceResource; readonly edges: Edge[] }[] = [];
    const enter = (at: VirtualServiceResource) => path.push({ at, edges: this.#edges(at).reverse() });
    if (!done.has(start)) {
      enter(start);
    }
    while (path.length > 0) {
      const { at, edges } = path.at(-1)!;
      const edge = edges.pop();
      if (edge === undefined) {
        done.add(at);
        path.pop();
        continue;
      }
      const circle = path.findIndex((step) => step.at === edge.to);
      if (circle >= 0) {
        this.#reportCycle([...path.slice(circle).map((step) => step.at), edge.to], edge.span);
      } else if (!done.has(edge.to)) {
        enter(edge.to);
      }
    }
  }

  #edges(from: VirtualServiceResource): Edge[] {
    return (from.spec.http ?? []).flatMap((rule, index) => {
      const { name = "", namespace } = rule?.delegate ?? {};
      const to = rule?.delegate && this.#byName.get(`${namespace || from.namespace}/${name}`);
      return to === undefined ? [] : [{ to, span: () => from.spanOf(["spec", "http", index, "delegate"]) }];
    });
  }

  #reportCycle(circle: readonly VirtualServiceResource[], closing: () => Span): void {
    const names = circle.map(keyOf).join(" → ");
    this.#report("SL0413", `these VirtualServices delegate in a circle: ${names}`, closing(), () => ({
      related: circle
        .slice(0, -1)
        .map((resource) => ({ message: `VirtualService ${keyOf(resource)}`, span: resource.span })),
      help: "Only a VirtualService with hosts can delegate, and only to one without hosts.",
    }));
  }
}

interface Edge {
  readonly to: VirtualServiceResource;
  readonly span: () => Span;
}

function isDelegate({ spec }: VirtualServiceResource): boolean {
  return (spec.hosts ?? []).length === 0;
}

function keyOf({ namespace, name }: VirtualServiceResource): string {
  return `${namespace}/${name}`;
}

function withGateways(match: HttpMatchRequest, namespace: string): HttpMatchRequest {
  return match?.gateways === undefined
    ? (match ?? {})
    : { ...match, gateways: match.gateways.map((name) => resolveGatewayName(name, namespace)) };
}

/** For a VirtualService that is of one piece. */
export function originIn(resource: VirtualServiceResource): Merged["originOf"] {
  return (rule, match) => {
    const at = match === undefined ? ["spec", "http", rule] : ["spec", "http", rule, "match", match];
    return {
      ruleId: ruleId(resource, rule),
      id: matchId(resource, rule, match),
      resource: describeResource(resource),
      rule,
      ...(match !== undefined && { match }),
      span: resource.spanOf(at),
    };
  };
}

/** Of a merged rule, the place is the delegate's: the rule that decides where requests go. */
function originOf(root: VirtualServiceResource, from: readonly RuleSource[]): Merged["originOf"] {
  const own = originIn(root);
  return (rule, match) => {
    const source = from[rule]!;
    if (source.kind === "own") {
      return own(source.rule, match);
    }
    const leaf = match === undefined ? undefined : source.matches[match]?.leaf;
    return originIn(source.delegate)(source.leafRule, leaf);
  };
}

function spanIn(root: VirtualServiceResource, from: readonly RuleSource[]): (path: FieldPath) => Span {
  return (path) => {
    const [spec, http, rule, ...rest] = path;
    const source = spec === "spec" && http === "http" && typeof rule === "number" ? from[rule] : undefined;
    if (source === undefined) {
      return root.spanOf(path);
    }
    if (source.kind === "own") {
      return root.spanOf(["spec", "http", source.rule, ...rest]);
    }
    const [resource, index, below] = ownerOf(source, root, rest);
    return resource.spanOf(["spec", "http", index, ...below]);
  };
}

/** Who wrote a field of a merged rule: the delegate, but for what it leaves open. */
function ownerOf(
  { rootRule, delegate, leafRule, matches }: Extract<RuleSource, { kind: "merged" }>,
  root: VirtualServiceResource,
  path: FieldPath,
): [resource: VirtualServiceResource, rule: number, below: FieldPath] {
  const outer = root.spec.http?.[rootRule];
  const inner = delegate.spec.http?.[leafRule];
  const [field, index, ...rest] = path;
  if (field === "match" && typeof index === "number") {
    const from = matches[index] ?? {};
    const leaf = from.leaf === undefined ? undefined : inner?.match?.[from.leaf];
    if (from.root !== undefined && !(leaf !== undefined && writes(leaf, rest))) {
      return [root, rootRule, ["match", from.root, ...rest]];
    }
    return [delegate, leafRule, from.leaf === undefined ? ["match"] : ["match", from.leaf, ...rest]];
  }
  return field !== undefined && !has(inner, field) && has(outer, field)
    ? [root, rootRule, path]
    : [delegate, leafRule, path];
}

/** The match says something of this field; of a condition by name, about this very name. */
function writes(match: HttpMatchRequest, [field, name]: FieldPath): boolean {
  if (field === undefined) {
    return true;
  }
  if (!has(match, field)) {
    return false;
  }
  return (
    name === undefined ||
    !NAMED_CONDITIONS.has(String(field)) ||
    has(match[field as keyof HttpMatchRequest] as object, name)
  );
}

function has(value: object | undefined, field: string | number): boolean {
  return value !== undefined && Object.hasOwn(value, field);
}
