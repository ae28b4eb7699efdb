/**
 * Which requests two configurations decide differently. Host by host, what the rules of both sides can tell apart is
 * compared; for each pair of rules that decides otherwise there is one request that shows it, which is then put to the
 * rules of both sides once more.
 */

import { canonicalJson } from "../../ir/canonical-json.ts";
import type { Config, Listener, PathNormalization, Route } from "../../ir/ir.ts";
import { normalizationOf, pathStepsAt } from "../../ir/path-normalization.ts";
import { protocolsFor, spaceOf } from "../compare/attributes.ts";
import { type Candidate, compareRules, DEFAULT_WORK } from "../compare/compare.ts";
import { type HostClass, hostClasses } from "../compare/hosts.ts";
import { outcomeOf, replacesMatch } from "../compare/outcome.ts";
import { OverlapIndex } from "../compare/overlap.ts";
import { arrivingAt, type Protocol } from "../compare/universe.ts";
import { witnessesOf } from "../compare/witness.ts";
import { arrive } from "../evaluate/arrival.ts";
import { naiveRoute } from "../evaluate/trial.ts";
import type { AskedRequest } from "../request/asked.ts";
import type { HostRequest } from "../request/wire.ts";
import { changedRules } from "./changed.ts";
import { type ClusterSettingChange, changedClusterSettings } from "./cluster-settings.ts";
import { type ConnectionChange, changedConnections } from "./connections.ts";
import { changedSettings, type SettingChange } from "./listener-settings.ts";
import { changedDnsServer, changedNames, type DnsServerChange, type NameChange } from "./names.ts";

export interface Difference {
  readonly listener: string;
  /** The domains that it holds for. */
  readonly domains: readonly string[];
  /** A request that shows it. */
  readonly request: AskedRequest;
  /** The rules that decide; absent: none does, which is 404. */
  readonly before?: Route;
  readonly after?: Route;
}

/** Where the search was given up: there may be more differences than are told. */
export interface Cut {
  readonly listener: string;
  readonly domain: string;
  readonly why: string;
}

export interface Diff {
  readonly differences: readonly Difference[];
  /** Listeners that only one side has. */
  readonly addedListeners: readonly string[];
  readonly removedListeners: readonly string[];
  readonly protocolChanges: readonly ProtocolChange[];
  /** Paths of all requests are normalised otherwise, before any rule sees them. Differences are those of paths as they then arrive. */
  readonly pathNormalization?: { readonly before: PathNormalization; readonly after: PathNormalization };
  /** What listeners that both sides have do to all requests. */
  readonly listenerSettings: readonly SettingChange[];
  /** How clusters that both sides have treat their endpoints. */
  readonly clusterSettings: readonly ClusterSettingChange[];
  /** Of `tcp` and `tls` rules. */
  readonly connections: readonly ConnectionChange[];
  /** The proxy answers names elsewhere, or only on one side. */
  readonly dnsServer?: DnsServerChange;
  /** What the proxy says to whoever asks it for names. */
  readonly names: readonly NameChange[];
  readonly cuts: readonly Cut[];
}

/** A listener that both sides have, for clients of another kind. */
export interface ProtocolChange {
  readonly listener: string;
  readonly before: "http" | "https";
  readonly after: "http" | "https";
}

export interface DiffOptions {
  /** Rules looked at for each host. */
  readonly maxWork?: number;
  /** More rules than so many are looked at around what has changed only. */
  readonly maxAtOnce?: number;
}

export function diffConfigs(before: Config, after: Config, options: DiffOptions = {}): Diff {
  const old = new Map(before.listeners.map((listener) => [listener.name, listener]));
  const differences: Difference[] = [];
  const cuts: Cut[] = [];
  const protocolChanges: ProtocolChange[] = [];
  const normalization = { before: normalizationOf(before), after: normalizationOf(after) };
  for (const listener of after.listeners) {
    const other = old.get(listener.name);
    if (other === undefined) {
      continue;
    }
    const [was, is] = [protocolOf(other), protocolOf(listener)];
    // No client of the one can speak to the other: there is nothing to compare.
    if (was !== is) {
      protocolChanges.push({ listener: listener.name, before: was, after: is });
    } else {
      new ListenerDiff(other, listener, normalization, options, differences, cuts).run();
    }
  }
  const dnsServer = changedDnsServer(before, after);
  const names = (listeners: readonly Listener[]) => new Set(listeners.map(({ name }) => name));
  return {
    differences,
    addedListeners: [...names(after.listeners)].filter((name) => !old.has(name)),
    removedListeners: [...old.keys()].filter((name) => !names(after.listeners).has(name)),
    protocolChanges,
    ...(normalization.before !== normalization.after && { pathNormalization: normalization }),
    listenerSettings: changedSettings(before, after),
    clusterSettings: changedClusterSettings(before, after),
    connections: changedConnections(before, after),
    ...(dnsServer && { dnsServer }),
    names: changedNames(before, after),
    cuts,
  };
}

function protocolOf({ tls }: Listener): ProtocolChange["before"] {
  return tls === undefined ? "http" : "https";
}

/** A rule that has changed, and what may have a request in common with it; without one, all rules. */
interface Focus {
  readonly rule?: Route;
  readonly left: readonly Route[];
  readonly right: readonly Route[];
}

const MAX_AT_ONCE = 100;
const MAX_FOCUSES = 20;
/** Rules held against one another. */
const MAX_COMPARED = 10_000_000;
const MAX_TRIED_WHEN_CUT = 10;

class ListenerDiff {
  readonly #before: Listener;
  readonly #after: Listener;
  readonly #normalization: { readonly before: PathNormalization; readonly after: PathNormalization };
  readonly #options: DiffOptions;
  readonly #differences: Difference[];
  readonly #cuts: Cut[];
  readonly #outcomes = new Map<Route, string>();
  readonly #numbers = new Map<Route, number>();
  readonly #tableNumbers = new Map<readonly Route[] | undefined, number>();
  /** By the rules of both sides, and the two that differ. */
  readonly #told = new Map<string, Difference>();

  constructor(
    before: Listener,
    after: Listener,
    normalization: { readonly before: PathNormalization; readonly after: PathNormalization },
    options: DiffOptions,
    differences: Difference[],
    cuts: Cut[],
  ) {
    this.#before = before;
    this.#after = after;
    this.#normalization = normalization;
    this.#options = options;
    this.#differences = differences;
    this.#cuts = cuts;
  }

  run(): void {
    for (const hosts of this.#groups()) {
      this.#compare(hosts);
    }
    this.#differences.push(...this.#told.values());
  }

  /** Domains that the same rules serve on both sides, unless a rule looks at the host itself. */
  #groups(): HostClass[][] {
    const groups = new Map<string, HostClass[]>();
    for (const host of hostClasses(this.#before.routes, this.#after.routes)) {
      const sides = [host.left?.routes, host.right?.routes];
      const own = sides.some((routes) => routes?.some(looksAtHost)) ? host.domain : "";
      const key = `${this.#tables(host)} ${own}`;
      const known = groups.get(key);
      if (known === undefined) {
        groups.set(key, [host]);
      } else {
        known.push(host);
      }
    }
    return [...groups.values()].map((hosts) => hosts.sort((a, b) => effort(a.domain) - effort(b.domain)));
  }

  #compare(hosts: readonly HostClass[]): void {
    const [host] = hosts as [HostClass];
    const left = host.left?.routes ?? [];
    const right = host.right?.routes ?? [];
    if (this.#areSame(left, right)) {
      return;
    }
    const found = new Map<string, Difference | undefined>();
    const cuts = new Set<string>();
    const { maxAtOnce = MAX_AT_ONCE } = this.#options;
    // Few rules are looked at all at once, unless that is too much.
    if (left.length + right.length <= maxAtOnce) {
      this.#search(hosts, { left, right }, found, cuts);
    }
    const isDone = left.length + right.length <= maxAtOnce && cuts.size === 0;
    cuts.clear();
    let tried = 0;
    for (const focus of isDone ? [] : this.#focuses(left, right)) {
      this.#search(hosts, focus, found, cuts);
      // The others would take as long.
      if (cuts.size > 0 && ++tried >= MAX_TRIED_WHEN_CUT) {
        break;
      }
    }
    for (const [pair, difference] of found) {
      if (difference) {
        this.#tell(`${this.#tables(host)} ${pair}`, difference);
      }
    }
    const unproven = [...found.values()].filter((difference) => difference === undefined).length;
    if (unproven > 0) {
      cuts.add(`for ${unproven} possible differences, no example request was found`);
    }
    for (const why of cuts) {
      this.#cuts.push({ listener: this.#after.name, domain: host.domain, why });
    }
  }

  /** Where a rule looks at hosts, domains are searched one by one; what is the same at several of them is told once. */
  #tell(pair: string, difference: Difference): void {
    const known = this.#told.get(pair);
    const both = [known, difference].flatMap((one) => one ?? []);
    const [first] = both.sort((a, b) => effort(a.domains[0]!) - effort(b.domains[0]!)) as [Difference];
    const domains = both.flatMap((one) => one.domains).sort((a, b) => effort(a) - effort(b));
    this.#told.set(pair, { ...first, domains });
  }

  /** All rules of a host, on both sides, as numbers. */
  #tables({ left, right }: HostClass): string {
    const number = (routes: readonly Route[] | undefined) => {
      const known = this.#tableNumbers.get(routes) ?? this.#tableNumbers.size;
      this.#tableNumbers.set(routes, known);
      return known;
    };
    return `${number(left?.routes)} ${number(right?.routes)}`;
  }

  /** The rules to look at: around each that has changed, or, when those are many, all at once. */
  *#focuses(left: readonly Route[], right: readonly Route[]): Generator<Focus> {
    const identity = (route: Route) => `${canonicalJson(route.match)} ${this.#outcome(route)}`;
    const changed = changedRules(left.map(identity), right.map(identity));
    const count = changed.left.length + changed.right.length;
    if (count > MAX_FOCUSES && count * (left.length + right.length) > MAX_COMPARED) {
      yield { left, right };
      return;
    }
    const [ofLeft, ofRight] = [left, right].map(
      (routes) => new OverlapIndex(routes.map(({ match }) => match)),
    ) as [OverlapIndex, OverlapIndex];
    for (const rule of [...changed.left.map((i) => left[i]!), ...changed.right.map((i) => right[i]!)]) {
      const near = (index: OverlapIndex, routes: readonly Route[]) =>
        index
          .overlapping(rule.match, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)!
          .map((i) => routes[i]!);
      yield { rule, left: near(ofLeft, left), right: near(ofRight, right) };
    }
  }

  #search(
    hosts: readonly HostClass[],
    focus: Focus,
    found: Map<string, Difference | undefined>,
    cuts: Set<string>,
  ): void {
    const { rule, left, right } = focus;
    const focused = rule === undefined ? [] : [rule];
    for (const protocol of protocolsFor([...focused, ...left, ...right].map(({ match }) => match))) {
      this.#searchOver(protocol, hosts, focus, found, cuts);
    }
  }

  #searchOver(
    protocol: Protocol,
    hosts: readonly HostClass[],
    { rule, left, right }: Focus,
    found: Map<string, Difference | undefined>,
    cuts: Set<string>,
  ): void {
    const [host] = hosts as [HostClass];
    const { maxWork = DEFAULT_WORK } = this.#options;
    const focused = rule === undefined ? [] : [rule];
    const space = spaceOf(
      [...focused, ...left, ...right].map(({ match }) => match),
      {
        arriving: {
          ...arrivingAt(this.#after, protocol),
          // Where only one side has claims, that is said of the listener.
          isAuthenticated: [this.#before, this.#after].every(({ authentication }) => authentication),
        },
        paths: pathStepsAt(this.#after, this.#normalization.after),
        authority: host.universe,
        otherAuthorities: host.others,
        ...(rule && { focus: 0 }),
      },
    );
    const candidates = [...left, ...right].map(
      (route, i): Candidate => ({
        constraints: space.constraints[focused.length + i]!,
        outcome: this.#outcome(route),
      }),
    );
    const { pairs, complete } = compareRules(
      candidates.slice(0, left.length),
      candidates.slice(left.length),
      space.attributes,
      maxWork,
      undefined,
      rule && space.constraints[0],
    );
    for (const why of space.cuts) {
      cuts.add(why);
    }
    if (!complete) {
      cuts.add("the rules have too many combinations of conditions for a complete comparison");
    }
    for (const pair of pairs) {
      const before = pair.left === undefined ? undefined : left[pair.left];
      const after = pair.right === undefined ? undefined : right[pair.right];
      const key = `${this.#number(before)} ${this.#number(after)}`;
      if (found.get(key) !== undefined) {
        continue;
      }
      const { request, verdict } = this.#firstShown(
        witnessesOf(host.authority, space.attributes, pair.request, this.#after, protocol),
        before,
        after,
      );
      if (verdict === "unproven") {
        found.set(key, undefined);
      } else if (verdict === "different") {
        found.set(key, {
          listener: this.#after.name,
          domains: hosts.map(({ domain }) => domain),
          request,
          ...(before && { before }),
          ...(after && { after }),
        });
      }
    }
  }

  #number(route: Route | undefined): number {
    if (route === undefined) {
      return -1;
    }
    let number = this.#numbers.get(route);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(route, number);
    }
    return number;
  }

  #areSame(left: readonly Route[], right: readonly Route[]): boolean {
    return (
      left.length === right.length &&
      left.every((route, i) => {
        const other = right[i]!;
        return (
          route === other ||
          (canonicalJson(route.match) === canonicalJson(other.match) &&
            this.#outcome(route) === this.#outcome(other))
        );
      })
    );
  }

  #outcome(route: Route): string {
    let outcome = this.#outcomes.get(route);
    if (outcome === undefined) {
      outcome = outcomeOf(route);
      this.#outcomes.set(route, outcome);
    }
    return outcome;
  }

  /** The first request that can be sent decides; there is one at least. */
  #firstShown(asked: readonly AskedRequest[], before: Route | undefined, after: Route | undefined) {
    let shown = this.#shown(asked[0]!, before, after);
    for (let i = 1; i < asked.length && shown.verdict === "unproven"; i++) {
      shown = this.#shown(asked[i]!, before, after);
    }
    return shown;
  }

  /** What an expression has matched is replaced as a whole, and of a prefix the rest is kept: for one path, both may come to the same. */
  #shown(
    request: AskedRequest,
    before: Route | undefined,
    after: Route | undefined,
  ): { readonly request: AskedRequest; readonly verdict: Verdict } {
    const verdict = this.#verify(request, before, after);
    const kinds = [before, after].map((route) => route?.match.path?.kind ?? "none");
    const mayDiffer = kinds.includes("regex") && kinds.some((kind) => kind === "prefix" || kind === "none");
    if (verdict !== "same" || !mayDiffer) {
      return { request, verdict };
    }
    const longer = LONGER.map((more) => ({ ...request, path: request.path.replace(/(?=\?|$)/, more) }));
    const other = longer.find((candidate) => this.#verify(candidate, before, after) === "different");
    return other === undefined ? { request, verdict: "unproven" } : { request: other, verdict: "different" };
  }

  /** The search may be right about rules and wrong about requests; whoever reads a witness will send it. */
  #verify(request: AskedRequest, before: Route | undefined, after: Route | undefined): Verdict {
    const { before: was, after: is } = this.#normalization;
    const sides: readonly [Listener, PathNormalization, Route | undefined][] = [
      [this.#before, was, before],
      [this.#after, is, after],
    ];
    let arrived: HostRequest | undefined;
    for (const [listener, normalization, expected] of sides) {
      const arrival = arrive(request, listener, normalization);
      if (arrival.kind === "refused") {
        return "unproven";
      }
      arrived = arrival.request;
      if (naiveRoute(listener.routes, arrived) !== expected) {
        return "unproven";
      }
    }
    return rewriteTheSame(before, after, arrived!) ? "same" : "different";
  }
}

type Verdict = "different" | "same" | "unproven";

/** What is put behind a path to show that one side keeps it. */
const LONGER = ["x", "/x", "0"];

/** To read a domain. */
function effort(domain: string): number {
  return (domain.includes(":") ? 1000 : 0) + domain.length;
}

function looksAtHost({ match }: Route): boolean {
  return match.headers.some(({ name }) => name === ":authority");
}

/** Two literal rewrites of what was matched may come to the same. */
function rewriteTheSame(before: Route | undefined, after: Route | undefined, { path }: HostRequest): boolean {
  if (before === undefined || after === undefined) {
    return false;
  }
  if (!replacesMatch(before.action) || !replacesMatch(after.action)) {
    return false;
  }
  const alike = (route: Route) =>
    outcomeOf({ ...route, match: NO_MATCH, action: withoutRewrite(route.action) });
  return alike(before) === alike(after) && rewritten(before, path) === rewritten(after, path);
}

const NO_MATCH = { headers: [], queryParams: [] };

function withoutRewrite(action: Route["action"]): Route["action"] {
  if (action.kind === "forward") {
    return { ...action, rewrite: { kind: "matched", value: "" } };
  }
  return action.kind === "redirect" ? { ...action, path: { kind: "matched", value: "" } } : action;
}

function rewritten({ match, action }: Route, path: string): string {
  const rewrite =
    action.kind === "forward" ? action.rewrite : action.kind === "redirect" ? action.path : undefined;
  if (rewrite?.kind !== "matched") {
    return path;
  }
  const [whole = ""] = path.split("?");
  const kept = match.path?.kind === "prefix" ? whole.slice(match.path.value.length) : "";
  return match.path === undefined ? path : rewrite.value + kept;
}
