/**
 * A fleet: rules on one side, proxies on the other. It reads the rules when they change, decides which proxy shall have which
 * revision, and answers what can be asked of it. It opens nothing: streams and questions are handed in. Here its parts are put together.
 */

import { readFile } from "node:fs/promises";
import type { Explanation } from "../answers/explain/explanation.ts";
import { ListenerError } from "../answers/explain/listener-error.ts";
import type { AskedRequest } from "../answers/request/asked.ts";
import { loadFilter } from "../answers/wasm-host/filter-vm.ts";
import type { SourceFile } from "../diagnostics/span.ts";
import type { Config } from "../ir/ir.ts";
import type { LiveRules } from "../observe/live.ts";
import type { ProxyOptions } from "../options.ts";
import { filterModulePath } from "../platform/package-root.ts";
import { type AdsCodec, adsCodec, type Decoded } from "../run/ads/codec.ts";
import type { AdsStream } from "../run/ads/server.ts";
import { adsPlaces } from "../run/delivery/ads/places.ts";
import type { Watch } from "../source/rule-source.ts";
import { GuardClock } from "./endpoints/guard-clock.ts";
import { JoinedProxies, memberIn } from "./joined-proxies.ts";
import type { Keeper } from "./keeper.ts";
import { KnownRevisions } from "./known-revisions.ts";
import { LiveScopes } from "./live-scopes.ts";
import type { FleetEvent } from "./model/event.ts";
import { type FleetControl, FleetControlError, type ProxyExplanation } from "./model/fleet-control.ts";
import type { ProxyNode } from "./model/node.ts";
import type { FleetStatus, ProxyReport, ProxyState, RevisionReport, RolloutReport } from "./model/report.ts";
import type { RuleCounts } from "./model/rule-counts.ts";
import type { FleetRules } from "./model/rules.ts";
import type { Scope } from "./model/scope.ts";
import type { ServedScope } from "./model/served-scope.ts";
import { PeerProxies } from "./peer-proxies.ts";
import type { Outcome, ProxyLine } from "./proxies/proxy-line.ts";
import { proxyReport } from "./proxies/proxy-report.ts";
import { fleetRateLimits } from "./rate-limits.ts";
import { ReportedCounts } from "./reported-counts.ts";
import { shownRevisions, stateOfRevision } from "./revision-states.ts";
import { VerifiedPrograms } from "./revisions/verified-programs.ts";
import { DEFAULT_PLAN, type RolloutPlan } from "./rollout/plan.ts";
import type { Responses } from "./rollout/state.ts";
import { Rollouts, type Trials } from "./rollouts.ts";
import { RuleChanges } from "./rule-changes.ts";
import { claimedOptions } from "./scope/claims.ts";
import { optionsBeforeClaims, type ScopeEntry } from "./scope/scopes-file.ts";
import type { StatisticsReport } from "./signal/statistics-report.ts";
import { StateExchange } from "./state-exchange.ts";
import { Telling } from "./telling.ts";

export interface FleetOptions {
  readonly rules: FleetRules;
  /** How a change of the rules reaches the proxies. Default: in waves. */
  readonly plan?: RolloutPlan;
  /** Who tries a revision before any proxy gets it. */
  readonly trials?: Trials;
  /** Options of proxies that they need not claim themselves; the first entry that selects a proxy holds. */
  readonly scopes?: readonly ScopeEntry[];
  /** Whether endpoints are kept for 5 s where more than half of a service's vanish within a second. Default: true. */
  readonly guardsEndpoints?: boolean;
  /** Where the state is kept. Absent: it ends with this object. */
  readonly keeper?: Keeper;
  readonly onEvent: (event: FleetEvent) => void;
}

export class Fleet implements FleetControl {
  readonly #options: FleetOptions;
  readonly #revisions: KnownRevisions;
  readonly #rollouts: Rollouts;
  readonly #proxies: JoinedProxies;
  /** Those of other servers. */
  readonly #peers = new PeerProxies();
  readonly #counts: ReportedCounts;
  readonly #live: LiveScopes;
  readonly #guardClock: GuardClock;
  readonly #telling: Telling;
  readonly #changes: RuleChanges;
  #watch: Watch | undefined;

  private constructor(options: FleetOptions, codec: AdsCodec, module: Uint8Array) {
    const { rules, plan = DEFAULT_PLAN, trials, guardsEndpoints = true, keeper, onEvent } = options;
    this.#options = options;
    this.#revisions = new KnownRevisions({
      rules,
      places: adsPlaces(module),
      programs: new VerifiedPrograms(loadFilter(filterModulePath())),
      guardsEndpoints,
      onLearned: () => this.#telling.all(),
    });
    this.#rollouts = new Rollouts({
      find: (id) => this.#revisions.find(id),
      plan,
      ...(trials && { trials }),
      onEvent,
      claims: () => this.#claims(),
      onDecision: () => {
        this.#telling.all();
        keeper?.changed();
      },
    });
    this.#proxies = new JoinedProxies({
      codec,
      onOutcome: (...args) => this.#onOutcome(...args),
      onLost: (line) => this.#onLost(line),
      onForgotten: ({ id }) => this.#counts.forgotten(id),
    });
    this.#counts = new ReportedCounts({ revisions: this.#revisions, proxies: this.#proxies });
    this.#live = new LiveScopes({
      revisions: this.#revisions,
      proxies: this.#proxies,
      counts: this.#counts,
    });
    this.#guardClock = new GuardClock({
      guarded: () => this.#rollouts.revisions,
      onHeld: (held, forMs) => onEvent({ kind: "held", ...held, forMs }),
      onPassed: () => this.#telling.all(),
    });
    this.#telling = new Telling({
      rollouts: this.#rollouts,
      revisions: this.#revisions,
      proxies: this.#proxies,
      onEvent,
    });
    this.#changes = new RuleChanges({
      rules,
      keeper,
      revisions: this.#revisions,
      rollouts: this.#rollouts,
      guardClock: this.#guardClock,
      claims: () => this.#claims(),
      members: (revision) => [
        ...this.#proxies.connected.map((line) => memberIn(revision, line)),
        ...this.#peers.members,
      ],
      onEvent,
      onEndpoints: () => this.#telling.all(),
    });
  }

  /** Reads the filter's module, which every proxy is sent. */
  static async create(options: FleetOptions): Promise<Fleet> {
    return new Fleet(options, await adsCodec(), await readFile(filterModulePath()));
  }

  /** What the rules are compiled for at a proxy. Throws a `NodeError` for claims that mean nothing. */
  optionsOf(node: ProxyNode): ProxyOptions {
    const { rules, scopes = [] } = this.#options;
    return claimedOptions(node, optionsBeforeClaims(node, scopes, rules.defaults));
  }

  /** Resolves when the rules were read for the first time, be they right or wrong, and every later change is noticed. */
  async start(): Promise<void> {
    const { rules, keeper } = this.#options;
    await keeper?.start(
      new StateExchange({
        keeper,
        revisions: this.#revisions,
        rollouts: this.#rollouts,
        changes: this.#changes,
        telling: this.#telling,
        proxies: this.#proxies,
        peers: this.#peers,
      }),
    );
    this.#watch = await rules.watch(() => this.refresh());
    this.refresh();
    await this.#changes.settled;
  }

  async close(): Promise<void> {
    this.#changes.close();
    this.#telling.close();
    await this.#watch?.close();
    await this.#changes.settled;
    this.#guardClock.close();
    this.#rollouts.close();
    await this.#proxies.close();
    await this.#options.keeper?.close();
  }

  /** Reads the rules again. */
  refresh(): void {
    this.#changes.refresh();
  }

  /**
   * A proxy has opened a stream; `first` is its first message, which was read of it already. `onProblem` is told, in a line, of what it
   * does wrong. Throws a `NodeError` for claims that mean nothing.
   */
  join(
    node: ProxyNode,
    stream: AdsStream,
    first: Decoded,
    onProblem: (line: string) => void = () => {},
  ): void {
    const claimed = this.optionsOf(node);
    const scope = this.#telling.scopeOf(claimed);
    const line = this.#proxies.join({ node, claimed, scope, onProblem }, stream, first);
    this.#counts.joined(node.id, first.request?.initialVersions.size === 0);
    this.#options.onEvent({ kind: "joined", proxy: node.id, scope: scope.key });
    this.#rollouts.joined(this.#telling.memberOf(line));
    this.#options.keeper?.changed();
    void this.#telling.one(line);
    this.#changes.joined(scope);
  }

  /** What a proxy has counted. */
  reported(report: StatisticsReport): void {
    this.responses(report.proxyId, this.#counts.reported(report));
  }

  /** What a proxy answered its clients since it told the last time. */
  responses(proxy: string, counts: Responses): void {
    this.#rollouts.responses(proxy, counts);
    this.#proxies.answered(proxy, counts);
    this.#options.keeper?.changed();
  }

  status(): FleetStatus {
    const proxies: Record<ProxyState, number> = {
      joining: 0,
      current: 0,
      behind: 0,
      refused: 0,
      silent: 0,
      lost: 0,
    };
    const scopes = new Map<string, number>();
    const told: Config[] = [];
    for (const { state, scope, revision } of this.proxies()) {
      proxies[state]++;
      scopes.set(scope, (scopes.get(scope) ?? 0) + 1);
      const config = state === "lost" ? undefined : this.#revisions.find(revision)?.buildOf(scope)?.config;
      if (config !== undefined) {
        told.push(config);
      }
    }
    const rateLimits = fleetRateLimits(told);
    const { refused } = this.#changes;
    const { serving, next } = shownRevisions(this.#rollouts, this.#revisions);
    return {
      ...(serving && { revision: serving.id }),
      ...(next && { next: next.id }),
      proxies,
      scopes: [...scopes].map(([key, count]) => ({ key, proxies: count })),
      ...(rateLimits.length > 0 && { rateLimits }),
      ...(refused && { refused: refused.findings, refusedRevision: refused.revision }),
    };
  }

  /** Also those of other servers, where there are any. */
  proxies(): ProxyReport[] {
    const elsewhere = new Map(this.#peers.reports.map((report) => [report.id, report]));
    const own = this.#proxies.all.filter((line) => line.isConnected || !elsewhere.has(line.id));
    return [...own.map(proxyReport), ...elsewhere.values()];
  }

  /** The newest first. */
  rollouts(): RolloutReport[] {
    return this.#rollouts.reports();
  }

  /** The newest first. */
  revisions(): RevisionReport[] {
    const proxies = this.proxies();
    return this.#revisions.all.toReversed().map((revision) => ({
      id: revision.id,
      seen: revision.seen.toISOString(),
      state: stateOfRevision(revision, this.#rollouts, this.#revisions),
      findings: revision.findings,
      proxies: proxies.filter((proxy) => proxy.revision === revision.id).length,
    }));
  }

  ruleCounts(): RuleCounts {
    return this.#counts.ofRules;
  }

  live(scope?: string): LiveRules {
    if (scope !== undefined && !this.#counts.scopes.includes(scope) && !this.#hasScope(scope)) {
      throw new FleetControlError("unknown", `no proxy is in the scope ${JSON.stringify(scope)}`);
    }
    return this.#live.of(scope);
  }

  /** What is served in the scope that most proxies are in; `undefined` before there are rules. */
  async served(): Promise<ServedScope | undefined> {
    const { serving } = shownRevisions(this.#rollouts, this.#revisions);
    if (serving === undefined) {
      return undefined;
    }
    const scopes = new Map<string, { readonly scope: Scope; proxies: number }>();
    for (const { claimed } of this.#proxies.connected) {
      const scope = serving.scopeOf(claimed);
      const known = scopes.get(scope.key) ?? { scope, proxies: 0 };
      scopes.set(scope.key, known);
      known.proxies++;
    }
    const [most] = [...scopes.values()].sort((a, b) => b.proxies - a.proxies);
    const { key, options } = most?.scope ?? serving.scopeOf(this.#options.rules.defaults);
    const { snapshot, seen } = serving;
    const { findings, compilation } = await snapshot.compile(options);
    return (
      compilation && {
        scope: key,
        revision: serving.id,
        seen: seen.getTime(),
        options,
        compilation,
        resources: snapshot.resources,
        findings,
        explain: (request, at) => snapshot.explain(options, request, at),
      }
    );
  }

  #hasScope(key: string): boolean {
    return this.#proxies.all.some(({ scope }) => scope.key === key);
  }

  /** What the sources had when they were right last; `undefined` before they ever were. */
  get newestSources(): readonly SourceFile[] | undefined {
    return this.#revisions.newest?.sources;
  }

  explain(proxy: string, request: AskedRequest, at?: string): Promise<ProxyExplanation> {
    const line = this.#proxies.find(proxy);
    if (line === undefined) {
      throw new FleetControlError("unknown", `no proxy "${proxy}" has joined`);
    }
    const revision = this.#revisions.find(line.revision);
    if (revision === undefined) {
      throw new FleetControlError("conflict", `proxy "${proxy}" has acknowledged no revision yet`);
    }
    const { options } = revision.scopeOf(line.claimed);
    const explanation = explained(() => revision.snapshot.explain(options, request, at));
    if (explanation === undefined) {
      throw new FleetControlError("conflict", `the rules of revision ${revision.id} are wrong`);
    }
    return Promise.resolve({ proxy, revision: revision.id, explanation });
  }

  /** The next wave of the roll-out that is under way begins at once. */
  promote(): void {
    this.#mustDecide();
    this.#rollouts.promote();
  }

  /** The roll-out that is under way is taken back. */
  abort(why: string): void {
    this.#mustDecide();
    this.#rollouts.abort(why);
  }

  /** A revision from before is rolled out again; the sources count again when they change. */
  async rollback(id: string): Promise<void> {
    this.#mustDecide();
    const revision = this.#revisions.find(id);
    if (revision === undefined) {
      throw new FleetControlError("unknown", `no revision "${id}" is remembered`);
    }
    if (!(await this.#changes.isGood(revision))) {
      throw new FleetControlError("conflict", `the rules of revision ${id} are wrong for proxies of now`);
    }
    await this.#changes.roll(revision, false);
  }

  #mustDecide(): void {
    if (this.#options.keeper?.isLeading === false) {
      throw new FleetControlError("conflict", "another server decides; ask that one");
    }
  }

  /** Of those that have joined; before anybody has, of a proxy that claims nothing. */
  #claims(): readonly ProxyOptions[] {
    const claims = this.#proxies.all.map(({ claimed }) => claimed);
    return claims.length > 0 ? claims : [this.#options.rules.defaults];
  }

  #onOutcome({ id }: ProxyLine, revision: string, outcome: Outcome, ms: number): void {
    const { onEvent } = this.#options;
    if (outcome.kind === "taken") {
      onEvent({ kind: "taken", proxy: id, revision, ms: Math.round(ms) });
    } else {
      const kind = outcome.kind === "refused" ? "refused" : "silent";
      const step = outcome.kind === "unknown" ? undefined : outcome.step;
      onEvent({ kind, proxy: id, revision, words: outcome.words, ...(step && { step }) });
    }
    // What is decided by it comes after it.
    this.#rollouts.answered(id, revision, outcome);
    this.#options.keeper?.changed();
  }

  #onLost({ id }: ProxyLine): void {
    this.#options.onEvent({ kind: "lost", proxy: id });
    this.#rollouts.left(id);
    this.#options.keeper?.changed();
  }
}

/** A listener that the proxy does not have is a mistake of whoever asks. */
function explained(explain: () => Explanation | undefined): Explanation | undefined {
  try {
    return explain();
  } catch (error) {
    throw error instanceof ListenerError ? new FleetControlError("invalid", error.message) : error;
  }
}
