/**
 * Rules that no request reaches because earlier ones take everything they could. Nothing is said that is not proved: what
 * rules can tell apart is looked at as a whole, and where that would take too long nothing is said.
 */

import type { Reading } from "../../compile.ts";
import { DIAGNOSTIC_CODES } from "../../diagnostics/codes.ts";
import type { DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { Span } from "../../diagnostics/span.ts";
import { describeResource } from "../../front/resources/describe-resource.ts";
import type { Resource, VirtualServiceSpec } from "../../front/resources/model.ts";
import type { Listener, PathNormalization, Route, RouteMatch, RouteOrigin } from "../../ir/ir.ts";
import { normalizationOf, pathStepsAt } from "../../ir/path-normalization.ts";
import type { ProxyOptions } from "../../options.ts";
import { protocolsFor, spaceOf } from "../compare/attributes.ts";
import { compareRules } from "../compare/compare.ts";
import { OverlapIndex } from "../compare/overlap.ts";
import { type ArrivingAt, AUTHORITY, arrivingAt, type Protocol } from "../compare/universe.ts";
import { arrive } from "../evaluate/arrival.ts";
import { matches } from "../evaluate/trial.ts";
import { hasBadExpression } from "./bad-expression.ts";
import { exampleRequest } from "./example-request.ts";
import { Scopes } from "./scope.ts";
import { keyOf } from "./view.ts";

/** What is known of a rule over all its places. */
interface Finding {
  readonly origin: RouteOrigin;
  /** Some place lets requests through to it, or could not be looked at. */
  reached: boolean;
  /** Of the places where it is not: the rules that stand before it. Empty: it contradicts itself. */
  readonly before: Set<Route>;
  together: boolean;
}

/** A match that this proxy has no use for left no route, and nothing is said of it. */
export function reportNeverReached(
  { config, resources, findings: ofResources }: Pick<Reading, "config" | "resources" | "findings">,
  options: ProxyOptions,
  sink: DiagnosticSink,
): void {
  // Where istiod warns of the text alone, enough is said.
  const warned = new Set(ofResources.filter(({ code }) => code === "SL0270" || code === "SL0271").map(keyOf));
  const findings = new Map<string, Finding>();
  const looked = new Map<readonly Route[], Set<string>>();
  const looking: Looking = {
    normalization: normalizationOf(config),
    scopes: new Scopes(resources, options),
    searches: MAX_SEARCHES,
    findings,
  };
  for (const listener of config.listeners) {
    const { role, tls, underscores, paths } = listener;
    const kind = JSON.stringify([role, tls !== undefined, underscores, paths]);
    for (const { routes: rules } of listener.routes.virtualHosts) {
      const kinds = looked.get(rules) ?? new Set();
      if (kinds.has(kind)) {
        continue;
      }
      looked.set(rules, kinds.add(kind));
      // Those are errors, and said already.
      if (rules.some(hasBadExpression)) {
        continue;
      }
      look(rules, listener, looking);
    }
  }
  const hidden = new Map<string, Finding[]>();
  for (const finding of findings.values()) {
    // Places are asked for of what is told only: each costs a parse.
    if (finding.reached) {
      continue;
    }
    const { resource, rule, span } = finding.origin;
    if ((["SL0270", "SL0271"] as const).some((code) => warned.has(keyOf({ code, span })))) {
      continue;
    }
    const key = ruleKey(resource, rule);
    const known = hidden.get(key);
    if (known === undefined) {
      hidden.set(key, [finding]);
    } else {
      known.push(finding);
    }
  }
  const whole = wholeRules(hidden, resources.virtualServices);
  for (const [key, matches] of hidden) {
    const span = whole.get(key);
    const [first] = matches as [Finding];
    if (span === undefined || matches.some(({ before }) => before.size === 0)) {
      for (const finding of matches) {
        report(finding, sink);
      }
    } else {
      const { match: _, ...origin } = first.origin;
      const before = new Set(matches.flatMap((finding) => [...finding.before]));
      const rules = new Set([...before].map(({ origin: other }) => other?.id));
      report({ origin: { ...origin, span }, reached: false, before, together: rules.size > 1 }, sink);
    }
  }
}

const ruleKey = (resource: string, rule: number): string => `${resource} ${rule}`;

/** The places of rules of which every match is hidden. */
function wholeRules(
  hidden: ReadonlyMap<string, readonly Finding[]>,
  virtualServices: readonly Resource<VirtualServiceSpec>[],
): Map<string, Span> {
  const places = new Map<string, Span>();
  if (hidden.size === 0) {
    return places;
  }
  for (const virtualService of virtualServices) {
    for (const [rule, http] of (virtualService.spec.http ?? []).entries()) {
      const key = ruleKey(describeResource(virtualService), rule);
      const count = hidden.get(key)?.filter(({ origin }) => origin.match !== undefined).length;
      if (count !== undefined && count > 0 && count === http?.match?.length) {
        places.set(key, virtualService.spanOf(["spec", "http", rule]));
      }
    }
  }
  return places;
}

/** Each takes a millisecond or a few. */
const MAX_SEARCHES = 500;
const MAX_LOOKED = 1000;
const MAX_WORK = 100_000;

interface Looking {
  readonly normalization: PathNormalization;
  readonly scopes: Scopes;
  /** That are left. */
  searches: number;
  readonly findings: Map<string, Finding>;
}

function look(rules: readonly Route[], listener: Listener, looking: Looking): void {
  const { normalization, scopes, findings } = looking;
  const index = new OverlapIndex(rules.map(({ match }) => match));
  for (const [i, rule] of rules.entries()) {
    const { origin } = rule;
    if (origin === undefined) {
      continue;
    }
    const key = `${origin.resource} ${origin.rule} ${origin.match}`;
    const finding = findings.get(key) ?? { origin, reached: false, before: new Set(), together: false };
    findings.set(key, finding);
    if (finding.reached) {
      continue;
    }
    const overlapping = index.overlapping(rule.match, i, MAX_LOOKED)?.map((other) => rules[other]!);
    if (overlapping === undefined || isReachedByExample(rule.match, overlapping, listener, normalization)) {
      finding.reached = true;
      continue;
    }
    if (looking.searches-- <= 0) {
      finding.reached = true;
      continue;
    }
    const earlier = overlapping.filter(
      (other) => other.origin === undefined || scopes.isAlwaysWith(other.origin, origin),
    );
    const places = scopes.isElsewhere(origin) ? [listener, ...OTHER_PLACES] : [listener];
    const by = takenBy(rule, earlier, places, normalization);
    if (by === undefined) {
      finding.reached = true;
    } else {
      for (const other of by) {
        finding.before.add(other);
      }
      finding.together ||= by.length > 1;
    }
  }
}

/** Most rules are reached by the most obvious request for them. */
function isReachedByExample(
  match: RouteMatch,
  earlier: readonly Route[],
  listener: Listener,
  normalization: PathNormalization,
): boolean {
  const request = exampleRequest(match);
  const arrival = arrive(
    { ...request, headers: request.headers ?? [], method: request.method ?? "GET", protocol: "HTTP/1.1" },
    listener,
    normalization,
  );
  return (
    arrival.kind === "request" &&
    matches(match, arrival.request) &&
    !earlier.some((other) => matches(other.match, arrival.request))
  );
}

/** At a Gateway that this proxy does not serve, a request may come in either way. */
const OTHER_PLACES: readonly ArrivingAt[] = [{ role: "gateway" }, { role: "gateway", tls: {} }];

/** The earlier rules that leave nothing to a rule; none when nothing could ever meet it; `undefined` when it is reached. */
function takenBy(
  rule: Route,
  earlier: readonly Route[],
  places: readonly ArrivingAt[],
  normalization: PathNormalization,
): readonly Route[] | undefined {
  const takesOver = (others: readonly Route[], place: ArrivingAt, protocol: Protocol): boolean => {
    const { attributes, constraints, cuts } = spaceOf(
      [...others, rule].map(({ match }) => match),
      {
        // Nobody knows who verifies tokens at other Gateways; of this proxy's own, another finding says it.
        arriving: { ...arrivingAt(place, protocol), isAuthenticated: place.role === "gateway" },
        paths: pathStepsAt(place, normalization),
        authority: AUTHORITY,
      },
    );
    if (cuts.length > 0) {
      return false;
    }
    const before = others.map((_, i) => ({ constraints: constraints[i]!, outcome: "earlier" }));
    const own = { constraints: constraints[others.length]!, outcome: "own" };
    const { pairs, complete } = compareRules([...before, own], before, attributes, MAX_WORK, 1);
    return complete && pairs.length === 0;
  };
  const takes = (others: readonly Route[]): boolean => {
    const protocols = protocolsFor([...others, rule].map(({ match }) => match));
    return places.every((place) => protocols.every((protocol) => takesOver(others, place, protocol)));
  };
  if (takes([])) {
    return [];
  }
  if (earlier.length === 0 || earlier.length > MAX_EARLIER || !takes(earlier)) {
    return undefined;
  }
  const alone = earlier.slice(0, MAX_ALONE).find((other) => takes([other]));
  return alone === undefined ? earlier : [alone];
}

const MAX_EARLIER = 300;
const MAX_ALONE = 10;
const MAX_RELATED = 3;

function report({ origin, before, together }: Finding, sink: DiagnosticSink): void {
  // One rule is a route at each of its listeners.
  const others = [
    ...new Map(
      [...before].flatMap(({ origin: other }) => (other === undefined ? [] : [[other.id, other]])),
    ).values(),
  ];
  if (others.length === 0) {
    sink.report({
      code: "SL0811",
      level: DIAGNOSTIC_CODES.SL0811.level,
      message:
        "no request can match this: its conditions contradict one another, or such a value never arrives",
      span: origin.span,
      help: "Paths are normalized first: without /./ and /../, and with A instead of %41.",
    });
    return;
  }
  const code = origin.match === undefined ? "SL0270" : "SL0271";
  const subject = origin.match === undefined ? "this rule" : "this match";
  sink.report({
    code,
    level: DIAGNOSTIC_CODES[code].level,
    message: together
      ? `${subject} is never reached: earlier rules together match all its requests`
      : `${subject} is never reached: an earlier one matches all its requests`,
    span: origin.span,
    related: others.slice(0, MAX_RELATED).map((other) => ({
      message: `rule ${other.rule + 1} of ${other.resource} comes first`,
      span: other.span,
    })),
    help: helpFor(origin, others),
  });
}

/** Rules of one VirtualService go by where they stand; VirtualServices of one host by their age, and then by their names. */
function helpFor({ resource }: RouteOrigin, others: readonly RouteOrigin[]): string {
  return others.every((other) => other.resource === resource)
    ? "Move it before them, or remove it."
    : "Remove it, or put these rules into one VirtualService, this one first: of several, the older one comes first, by creationTimestamp and then by name.";
}
