/**
 * A fleet: rules on one side, proxies on the other. It reads the rules when they change, decides which proxy shall have which
 * revision, and answers what can be asked of it. It opens nothing: streams and questions are handed in.
 */

import { readFile } from "node:fs/promises";
import type { Explanation } from "../answers/explain/explanation.ts";
import { ListenerError } from "../answers/explain/listener-error.ts";
import type { AskedRequest } from "../answers/request/asked.ts";
import { loadFilter } from "../answers/wasm-host/filter-vm.ts";
import type { Places } from "../back/xds/places.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { type Findings, type FindingsSummary, Report } from "../diagnostics/render/report.ts";
import type { SourceFile } from "../diagnostics/span.ts";
import type { ProxyOptions } from "../options.ts";
import { filterModulePath } from "../platform/package-root.ts";
import { type AdsCodec, adsCodec, type Decoded } from "../run/ads/codec.ts";
import type { AdsStream } from "../run/ads/server.ts";
import { Turns } from "../run/ads/turns.ts";
import { adsPlaces } from "../run/delivery/ads/places.ts";
import type { Watch } from "../source/rule-source.ts";
import type { Keeper, KeptFleet } from "./keeper.ts";
import type { FleetEvent } from "./model/event.ts";
import { type FleetControl, FleetControlError, type ProxyExplanation } from "./model/fleet-control.ts";
import type { ProxyNode } from "./model/node.ts";
import type {
  FleetStatus,
  ProxyReport,
  ProxyState,
  RevisionReport,
  RevisionState,
  RolloutReport,
} from "./model/report.ts";
import type { FleetRules, RuleSnapshot } from "./model/rules.ts";
import type { Scope } from "./model/scope.ts";
import {
  type PeerNews,
  PeerProxies,
  type PeerProxy,
  type PeerRecord,
  type PeerReport,
} from "./peer-proxies.ts";
import { type Outcome, ProxyLine } from "./proxies/proxy-line.ts";
import { Revision } from "./revisions/revision.ts";
import { VerifiedPrograms } from "./revisions/verified-programs.ts";
import { DEFAULT_PLAN, type RolloutPlan } from "./rollout/plan.ts";
import type { Member, Responses } from "./rollout/state.ts";
import { Rollouts, type Trials } from "./rollouts.ts";
import { claimedOptions } from "./scope/claims.ts";
import { optionsBeforeClaims, type ScopeEntry } from "./scope/scopes-file.ts";
import type { StoredBuild, StoredRevision } from "./store/state.ts";

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

const NO_RECORD: PeerRecord = { responses: { requests: 0, serverErrors: 0 } };

/** A proxy that is away for longer is a new one when it comes. */
const FORGOTTEN_MS = 600_000;
/** Until new rules that were left to another server are looked at once more. */
const READ_AGAIN_MS = 2_000;
/** How many revisions can be asked about, and gone back to. */
const REVISIONS = 20;

export class Fleet implements FleetControl {
  readonly #options: FleetOptions;
  readonly #codec: AdsCodec;
  readonly #places: Places;
  readonly #programs: VerifiedPrograms;
  readonly #turns = new Turns();
  readonly #lines = new Map<string, ProxyLine>();
  /** What other servers are told of the proxies of this one. */
  readonly #records = new Map<string, PeerRecord>();
  /** Those of other servers. */
  readonly #peers = new PeerProxies();
  /** The newest last. */
  #revisions: Revision[] = [];
  /** What the sources had when they were right last. */
  #newest: Revision | undefined;
  /** About to be rolled out. */
  #coming: Revision | undefined;
  readonly #rollouts: Rollouts;
  #refused: { readonly revision: string; readonly findings: FindingsSummary } | undefined;
  #watch: Watch | undefined;
  /** The objects that were told to be held back last. */
  #heldTold = "";
  #isStale = false;
  #working: Promise<void> | undefined;
  #isWorking = false;
  #isClosed = false;
  #guardTimer: NodeJS.Timeout | undefined;
  #readAgain: NodeJS.Timeout | undefined;

  private constructor(options: FleetOptions, codec: AdsCodec, module: Uint8Array) {
    this.#options = options;
    this.#codec = codec;
    this.#places = adsPlaces(module);
    this.#programs = new VerifiedPrograms(loadFilter(filterModulePath()));
    this.#rollouts = new Rollouts({
      find: (id) => this.#revisions.find((revision) => revision.id === id),
      plan: options.plan ?? DEFAULT_PLAN,
      ...(options.trials && { trials: options.trials }),
      onEvent: options.onEvent,
      claims: () => this.#claims(),
      onDecision: () => {
        this.#tellAll();
        options.keeper?.changed();
      },
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
    await this.#options.keeper?.start({
      onLead: (state) => this.#lead(state),
      onFollow: (state) => this.#follow(state),
      onPeers: (reports) => this.#hearPeers(reports),
      state: () => this.#toKeep(),
      peerReport: () => ({ proxies: this.#published() }),
    });
    this.#watch = await this.#options.rules.watch(() => this.refresh());
    this.refresh();
    await this.#working;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#readAgain);
    await this.#watch?.close();
    await this.#working;
    clearTimeout(this.#guardTimer);
    this.#rollouts.close();
    await Promise.all([...this.#lines.values()].map((line) => line.close()));
    await this.#options.keeper?.close();
  }

  /** Reads the rules again. */
  refresh(): void {
    this.#isStale = true;
    if (!this.#isWorking) {
      this.#isWorking = true;
      this.#working = this.#work();
    }
  }

  /**
   * A proxy has opened a stream; `first` is its first message, which was read of it already. Throws a `NodeError` for claims that
   * mean nothing.
   */
  join(node: ProxyNode, stream: AdsStream, first: Decoded): void {
    const claimed = this.optionsOf(node);
    const scope = this.#scopeOf(claimed);
    let line = this.#lines.get(node.id);
    if (line === undefined) {
      line = new ProxyLine({
        node,
        claimed,
        scope,
        codec: this.#codec,
        turns: this.#turns,
        onOutcome: (...args) => this.#onOutcome(...args),
        onState: (one) => this.#onState(one),
      });
      this.#lines.set(node.id, line);
    }
    line.node = node;
    line.claimed = claimed;
    line.scope = scope;
    line.attach(stream, first);
    this.#options.onEvent({ kind: "joined", proxy: node.id, scope: scope.key });
    this.#rollouts.joined(this.#memberOf(line));
    this.#options.keeper?.changed();
    void this.#tell(line);
  }

  /** What a proxy answered its clients since it told the last time. */
  responses(proxy: string, counts: Responses): void {
    this.#rollouts.responses(proxy, counts);
    const { responses, ...record } = this.#records.get(proxy) ?? NO_RECORD;
    this.#records.set(proxy, {
      ...record,
      responses: {
        requests: responses.requests + counts.requests,
        serverErrors: responses.serverErrors + counts.serverErrors,
      },
    });
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
    for (const { state, scope } of this.proxies()) {
      proxies[state]++;
      scopes.set(scope, (scopes.get(scope) ?? 0) + 1);
    }
    const { serving, next } = this.#shown();
    return {
      ...(serving && { revision: serving.id }),
      ...(next && { next: next.id }),
      proxies,
      scopes: [...scopes].map(([key, count]) => ({ key, proxies: count })),
      ...(this.#refused && {
        refused: this.#refused.findings,
        refusedRevision: this.#refused.revision,
      }),
    };
  }

  /** Also those of other servers, where there are any. */
  proxies(): ProxyReport[] {
    const elsewhere = new Map(this.#peers.reports.map((report) => [report.id, report]));
    const own = [...this.#lines.values()].filter((line) => line.isConnected || !elsewhere.has(line.id));
    return [...own.map((line) => reportOf(line)), ...elsewhere.values()];
  }

  /** The newest first. */
  rollouts(): RolloutReport[] {
    return this.#rollouts.reports();
  }

  /** The newest first. */
  revisions(): RevisionReport[] {
    const proxies = this.proxies();
    return this.#revisions.toReversed().map((revision) => ({
      id: revision.id,
      seen: revision.seen.toISOString(),
      state: this.#stateOf(revision),
      findings: revision.findings,
      proxies: proxies.filter((proxy) => proxy.revision === revision.id).length,
    }));
  }

  /** What the sources had when they were right last; `undefined` before they ever were. */
  get newestSources(): readonly SourceFile[] | undefined {
    return this.#newest?.sources;
  }

  explain(proxy: string, request: AskedRequest, at?: string): Promise<ProxyExplanation> {
    const line = this.#lines.get(proxy);
    if (line === undefined) {
      throw new FleetControlError("unknown", `no proxy "${proxy}" has joined`);
    }
    const revision = this.#revisions.find(({ id }) => id === line.revision);
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
    const revision = this.#revisions.find((one) => one.id === id);
    if (revision === undefined) {
      throw new FleetControlError("unknown", `no revision "${id}" is remembered`);
    }
    if (!(await this.#isGood(revision))) {
      throw new FleetControlError("conflict", `the rules of revision ${id} are wrong for proxies of now`);
    }
    await this.#roll(revision, false);
  }

  async #work(): Promise<void> {
    try {
      while (this.#isStale && !this.#isClosed) {
        this.#isStale = false;
        await this.#read().catch((error) => this.#options.onEvent({ kind: "failed", error }));
      }
    } finally {
      // In the same breath as the last look: a change from now on begins anew.
      this.#isWorking = false;
    }
  }

  async #read(): Promise<void> {
    clearTimeout(this.#readAgain);
    const read = await this.#options.rules.read();
    await Promise.all(this.#rollouts.revisions.map(({ learned }) => learned));
    if (this.#isTaken(read)) {
      return;
    }
    const snapshot = (await read.settle?.((tried) => this.#errorsIn(tried))) ?? read;
    if (snapshot !== read && this.#isTaken(snapshot)) {
      return;
    }
    if (this.#options.keeper?.isLeading === false) {
      // Another server decides which rules are rolled out, unless this one was only too busy to be sure that it still does.
      this.#readAgain = setTimeout(() => this.refresh(), READ_AGAIN_MS);
      this.#readAgain.unref();
      return;
    }
    const known = this.#revisions.find((one) => one.snapshot.revision === snapshot.revision);
    const revision = known ?? this.#newRevision(snapshot);
    if (await this.#isGood(revision, snapshot)) {
      await this.#roll(revision, true);
    }
  }

  /** Whether proxies have it already, or are told at once of what is new. */
  #isTaken(snapshot: RuleSnapshot): boolean {
    const newest = this.#newest;
    if (newest === undefined) {
      return false;
    }
    const isTaken = snapshot.revision === newest.snapshot.revision || this.#takeEndpoints(snapshot);
    if (isTaken && heldKey(snapshot) !== this.#heldTold) {
      this.#tellRules(newest.id, snapshot, new Report(false), false);
    }
    return isTaken;
  }

  #tellRules(revision: string, snapshot: RuleSnapshot, findings: Findings, refused: boolean): void {
    this.#heldTold = heldKey(snapshot);
    this.#options.onEvent({ kind: "rules", revision, findings, refused, snapshot });
  }

  /** What is wrong with rules for the proxies that have joined. */
  async #errorsIn(snapshot: RuleSnapshot): Promise<readonly Diagnostic[]> {
    const scopes = new Set(this.#claims().map((claimed) => snapshot.scopeOf(claimed)));
    const results = await Promise.all([...scopes].map(({ options }) => snapshot.compile(options)));
    return results.flatMap(({ findings, compilation }) =>
      compilation === undefined && findings instanceof Report ? findings.errors : [],
    );
  }

  #mustDecide(): void {
    if (this.#options.keeper?.isLeading === false) {
      throw new FleetControlError("conflict", "another server decides; ask that one");
    }
  }

  /** This server decides from now on. */
  #lead(state: KeptFleet | undefined): void {
    if (state?.rollout === undefined) {
      this.#rollouts.lead();
    } else {
      this.#adopt(state);
      this.#rollouts.resume(state.rollout);
    }
    for (const line of this.#lines.values()) {
      if (line.isConnected) {
        this.#rollouts.joined(this.#memberOf(line));
        const last = this.#records.get(line.id)?.last;
        if (last !== undefined) {
          this.#rollouts.answered(line.id, last.revision, last.outcome);
        }
      }
    }
    for (const news of this.#peers.everything()) {
      this.#hear(news);
    }
    this.#tellAll();
    this.refresh();
  }

  /** Another server decides, and has written this. */
  #follow(state: KeptFleet | undefined): void {
    if (state !== undefined) {
      this.#adopt(state);
    }
    this.#rollouts.follow(state?.rollout);
    this.#tellAll();
    this.refresh();
  }

  #adopt({ revisions, builds, newest }: KeptFleet): void {
    const known = new Map(this.#revisions.map((revision) => [revision.id, revision]));
    this.#revisions = revisions.map((kept) => known.get(kept.id) ?? this.#keptRevision(kept, builds));
    this.#newest = this.#revisions.find(({ id }) => id === newest);
    this.#options.rules.remember?.(this.#newest?.sources ?? []);
  }

  #hearPeers(reports: ReadonlyMap<string, PeerReport>): void {
    const news = this.#peers.update(reports, (id) => this.#lines.get(id)?.isConnected === true);
    for (const one of this.#options.keeper?.isLeading === true ? news : []) {
      this.#hear(one);
    }
  }

  #hear(news: PeerNews): void {
    switch (news.kind) {
      case "joined":
        this.#rollouts.joined(news.member);
        break;
      case "left":
        this.#rollouts.left(news.proxy);
        break;
      case "answered":
        this.#rollouts.answered(news.proxy, news.revision, news.outcome);
        break;
      case "responses":
        this.#rollouts.responses(news.proxy, news.counts);
        break;
    }
  }

  /** For the servers beside this one. */
  #published(): PeerProxy[] {
    return [...this.#lines.values()]
      .filter((line) => line.isConnected)
      .map((line) => ({
        member: this.#memberOf(line),
        report: reportOf(line),
        ...(this.#records.get(line.id) ?? NO_RECORD),
      }));
  }

  #keptRevision(kept: StoredRevision, builds: readonly StoredBuild[]): Revision {
    const own = builds.filter(({ revision }) => revision === kept.id);
    return new Revision({
      snapshot: () => this.#options.rules.readAgain(kept.sources),
      places: this.#places,
      programs: this.#programs,
      guardsEndpoints: this.#options.guardsEndpoints ?? true,
      onLearned: () => this.#tellAll(),
      kept: { ...kept, builds: new Map(own.map(({ scope, build }) => [scope, build])) },
    });
  }

  #toKeep(): KeptFleet | undefined {
    const rollout = this.#rollouts.state;
    if (rollout === undefined) {
      return undefined;
    }
    const { serving } = this.#shown();
    return {
      revisions: this.#revisions.map((revision) => ({
        id: revision.id,
        seen: revision.seen.toISOString(),
        state: this.#stateOf(revision),
        findings: revision.findings,
        sources: revision.sources,
      })),
      ...(serving && { serving: serving.id }),
      ...(this.#newest && { newest: this.#newest.id }),
      // It goes on changing.
      rollout: structuredClone(rollout),
      builds: [...new Set([...this.#rollouts.revisions, ...(this.#coming ? [this.#coming] : [])])].flatMap(
        (revision) => revision.kept,
      ),
    };
  }

  #newRevision(snapshot: RuleSnapshot): Revision {
    return new Revision({
      snapshot,
      places: this.#places,
      programs: this.#programs,
      guardsEndpoints: this.#options.guardsEndpoints ?? true,
      before: this.#shown().serving,
    });
  }

  /** A change of nothing but endpoints is told at once, whichever revision a proxy has. False when it is another change. */
  #takeEndpoints(snapshot: RuleSnapshot): boolean {
    const newest = this.#newest;
    const change = newest && snapshot.endpointsSince(newest.snapshot);
    if (newest === undefined || change === undefined || !newest.takeEndpoints(change, snapshot)) {
      return false;
    }
    for (const revision of this.#rollouts.revisions) {
      if (revision !== newest) {
        revision.takeEndpoints(change);
      }
    }
    this.#passEndpoints();
    this.#tellAll();
    this.#options.keeper?.changed();
    return true;
  }

  /** Endpoints that were kept are let go when it is time. */
  #passEndpoints(): void {
    clearTimeout(this.#guardTimer);
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const revision of this.#rollouts.revisions) {
      const passed = revision.pass(now);
      next = Math.min(next, passed.next ?? next);
      for (const held of passed.held) {
        this.#options.onEvent({ kind: "held", ...held, forMs: Math.round(held.until - now) });
      }
    }
    if (Number.isFinite(next) && !this.#isClosed) {
      this.#guardTimer = setTimeout(
        () => {
          this.#passEndpoints();
          this.#tellAll();
        },
        Math.max(next - now, 1),
      );
      this.#guardTimer.unref();
    }
  }

  /** Compiles for every scope that somebody is in, before anybody gets anything. */
  async #isGood(revision: Revision, snapshot = revision.snapshot): Promise<boolean> {
    for (const scope of this.#scopes(revision)) {
      const { findings, build } = await revision.buildFor(scope);
      const refused = build === undefined;
      this.#tellRules(revision.id, snapshot, findings, refused);
      if (refused) {
        this.#refused = { revision: revision.id, findings: findings.summary };
        return false;
      }
    }
    this.#refused = undefined;
    return true;
  }

  async #roll(revision: Revision, isOfSources: boolean): Promise<void> {
    this.#revisions = [...this.#revisions.filter((one) => one !== revision), revision].slice(-REVISIONS);
    const { keeper } = this.#options;
    this.#coming = revision;
    await keeper?.keep();
    this.#coming = undefined;
    if (this.#isClosed || keeper?.isLeading === false) {
      return;
    }
    if (isOfSources) {
      this.#newest = revision;
    }
    const own = [...this.#lines.values()].filter((line) => line.isConnected);
    this.#rollouts.begin(this.#shown().serving, revision, [
      ...own.map((line) => memberIn(revision, line)),
      ...this.#peers.members,
    ]);
    this.#passEndpoints();
    // Each would keep the one before it, and so all there ever were.
    revision.forgetBefore();
  }

  /** What all proxies have or get, and what is on its way to them. */
  #shown(): { readonly serving?: Revision; readonly next?: Revision } {
    const [report] = this.#rollouts.reports();
    const find = (id: string | undefined) => this.#revisions.find((revision) => revision.id === id);
    const serving = find(report?.phase === "done" ? report.revision : report?.from);
    const next = report?.phase === "running" ? find(report.revision) : undefined;
    return { ...(serving && { serving }), ...(next && { next }) };
  }

  #stateOf(revision: Revision): RevisionState {
    const { serving, next } = this.#shown();
    if (revision === serving) {
      return "serving";
    }
    if (revision === next) {
      return "rolling out";
    }
    const last = this.#rollouts.reports().find((report) => report.revision === revision.id);
    return last?.phase === "failed" || last?.phase === "aborted" ? "failed" : "superseded";
  }

  /** Those that are in use. */
  #scopes(revision: Revision): Scope[] {
    const scopes = this.#claims().map((claimed) => revision.scopeOf(claimed));
    return [...new Map(scopes.map((scope) => [scope.key, scope])).values()];
  }

  /** Of those that have joined; before anybody has, of a proxy that claims nothing. */
  #claims(): readonly ProxyOptions[] {
    const claims = [...this.#lines.values()].map(({ claimed }) => claimed);
    return claims.length > 0 ? claims : [this.#options.rules.defaults];
  }

  /** By the newest rules; before there are any, nothing tells proxies apart. */
  #scopeOf(claimed: ProxyOptions): Scope {
    return this.#rollouts.newest?.scopeOf(claimed) ?? { key: "*", group: "*", options: claimed };
  }

  #memberOf(line: ProxyLine): Member {
    const newest = this.#rollouts.newest;
    return newest === undefined ? { id: line.id, scope: "*", labels: {} } : memberIn(newest, line);
  }

  #tellAll(): void {
    for (const line of this.#lines.values()) {
      void this.#tell(line);
    }
  }

  /** Says to a proxy what it shall have. */
  async #tell(line: ProxyLine): Promise<void> {
    const revision = this.#rollouts.revisionOf(this.#memberOf(line));
    if (revision === undefined) {
      return;
    }
    const scope = revision.scopeOf(line.claimed);
    line.scope = scope;
    const { build, findings } = await revision.buildFor(scope);
    if (build === undefined) {
      const { id, snapshot } = revision;
      this.#options.onEvent({ kind: "rules", revision: id, findings, refused: true, snapshot });
    } else if (
      scope === line.scope &&
      revision === this.#rollouts.revisionOf(this.#memberOf(line)) &&
      !this.#isClosed
    ) {
      const others = () =>
        this.#revisions
          .flatMap((one) => (one === revision ? [] : (one.toldToProxy(line.claimed, scope.key) ?? [])))
          .toReversed();
      line.moveTo({ revision: revision.id, build: build.told, others });
    }
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
    const record = this.#records.get(id) ?? NO_RECORD;
    const count = (record.last?.count ?? 0) + 1;
    this.#records.set(id, { ...record, last: { count, revision, outcome } });
    this.#options.keeper?.changed();
  }

  /** Names of proxies come and go, as those of Pods do. */
  #forget(line: ProxyLine): void {
    const lostMs = Date.now() - line.since.getTime();
    if (line.state === "lost" && lostMs > FORGOTTEN_MS / 2 && this.#lines.get(line.id) === line) {
      this.#lines.delete(line.id);
      this.#records.delete(line.id);
      void line.close();
    }
  }

  #onState(line: ProxyLine): void {
    const { id, state } = line;
    if (state === "lost") {
      setTimeout(() => this.#forget(line), FORGOTTEN_MS).unref();
      this.#options.onEvent({ kind: "lost", proxy: id });
      this.#rollouts.left(id);
      this.#options.keeper?.changed();
    }
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

/** The same for the same versions of objects that are held back. */
function heldKey({ held }: RuleSnapshot): string {
  return held.length === 0
    ? ""
    : JSON.stringify(held.map(({ file, holds }) => [file.path, file.text, holds]));
}

/** A proxy, as a roll-out of that revision counts it. */
function memberIn(revision: Revision, { id, claimed }: ProxyLine): Member {
  return { id, scope: revision.scopeOf(claimed).group, labels: claimed.proxyLabels };
}

function reportOf(line: ProxyLine): ProxyReport {
  const { node, claimed, scope, state, since, revision, wanted, words } = line;
  const { proxyNamespace, proxyLabels, proxyLocality } = claimed;
  return {
    id: node.id,
    cluster: node.cluster,
    namespace: proxyNamespace,
    labels: proxyLabels,
    ...(proxyLocality !== "" && { locality: proxyLocality }),
    ...(node.version !== undefined && { version: node.version }),
    scope: scope.key,
    state,
    since: since.toISOString(),
    ...(revision !== undefined && { revision }),
    ...(wanted !== undefined && { wanted }),
    ...(words !== undefined && { words }),
  };
}
