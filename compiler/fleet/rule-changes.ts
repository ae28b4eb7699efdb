/**
 * What becomes of rules that are read: where only endpoints have changed, all proxies are told at once; else they are compiled for
 * every scope that somebody is in, before anybody gets anything, and rolled out. One reading at a time: what changes meanwhile is read
 * after it.
 */

import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { type Findings, type FindingsSummary, Report } from "../diagnostics/render/report.ts";
import type { ProxyOptions } from "../options.ts";
import type { GuardClock } from "./endpoints/guard-clock.ts";
import type { Keeper } from "./keeper.ts";
import type { KnownRevisions } from "./known-revisions.ts";
import type { FleetEvent } from "./model/event.ts";
import type { FleetRules, RuleSnapshot } from "./model/rules.ts";
import type { Scope } from "./model/scope.ts";
import { shownRevisions } from "./revision-states.ts";
import type { Revision } from "./revisions/revision.ts";
import type { Member } from "./rollout/state.ts";
import type { Rollouts } from "./rollouts.ts";

export interface RuleChangesOptions {
  readonly rules: FleetRules;
  readonly keeper: Keeper | undefined;
  readonly revisions: KnownRevisions;
  readonly rollouts: Rollouts;
  readonly guardClock: GuardClock;
  /** What the proxies claim that have joined. */
  readonly claims: () => readonly ProxyOptions[];
  /** Who takes part in the roll-out of a revision. */
  readonly members: (revision: Revision) => readonly Member[];
  readonly onEvent: (event: FleetEvent) => void;
  /** Proxies are to be told of other endpoints. */
  readonly onEndpoints: () => void;
}

/** Until new rules that were left to another server are looked at once more. */
const READ_AGAIN_MS = 2_000;

export class RuleChanges {
  readonly #options: RuleChangesOptions;
  #refused: { readonly revision: string; readonly findings: FindingsSummary } | undefined;
  /** About to be rolled out. */
  #coming: Revision | undefined;
  /** The objects that were told to be held back last. */
  #heldTold = "";
  /** They are to be looked at again, though no rules have changed. */
  #mustSettle = false;
  /** The scopes that they were looked at for. */
  #settledFor: ReadonlySet<string> = new Set();
  #isStale = false;
  #working: Promise<void> | undefined;
  #isWorking = false;
  #isClosed = false;
  #readAgain: NodeJS.Timeout | undefined;

  constructor(options: RuleChangesOptions) {
    this.#options = options;
  }

  /** The newest rules, where they are wrong. */
  get refused(): { readonly revision: string; readonly findings: FindingsSummary } | undefined {
    return this.#refused;
  }

  /** What is about to be rolled out. */
  get coming(): Revision | undefined {
    return this.#coming;
  }

  /** Resolves when what was read is taken up, or refused. */
  get settled(): Promise<void> {
    return this.#working ?? Promise.resolve();
  }

  /** Reads the rules again. */
  refresh(): void {
    this.#isStale = true;
    if (!this.#isWorking) {
      this.#isWorking = true;
      this.#working = this.#work();
    }
  }

  /** A proxy has joined: what is wrong for others, or was for none in particular, may be right for it. */
  joined({ key }: Scope): void {
    if (this.#heldTold !== "" && !this.#settledFor.has(key)) {
      this.#mustSettle = true;
      this.refresh();
    }
  }

  /** Begins nothing more; see `settled`. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#readAgain);
  }

  /**
   * Compiles for every scope that somebody is in, before anybody gets anything. `mayStayWrong`: a scope that the rules are wrong for
   * already, as for a proxy without the Secret that others have, keeps nothing back.
   */
  async isGood(revision: Revision, snapshot = revision.snapshot, mayStayWrong = false): Promise<boolean> {
    for (const scope of this.#scopes(revision)) {
      const { findings, build } = await revision.buildFor(scope);
      const refused = build === undefined;
      this.#tellRules(revision.id, snapshot, findings, refused);
      if (refused && !(mayStayWrong && (await this.#isWrongAlready(scope)))) {
        this.#refused = { revision: revision.id, findings: findings.summary };
        return false;
      }
    }
    this.#refused = undefined;
    return true;
  }

  /** Begins its roll-out, when it is kept. `isOfSources`: they have it now. */
  async roll(revision: Revision, isOfSources: boolean): Promise<void> {
    const { keeper, revisions, rollouts, guardClock, members } = this.#options;
    revisions.remember(revision);
    this.#coming = revision;
    await keeper?.keep();
    this.#coming = undefined;
    if (this.#isClosed || keeper?.isLeading === false) {
      return;
    }
    if (isOfSources) {
      revisions.markNewest(revision);
    }
    rollouts.begin(shownRevisions(rollouts, revisions).serving, revision, members(revision));
    guardClock.pass();
    // Each would keep the one before it, and so all there ever were.
    revision.forgetBefore();
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
    const { rules, keeper, revisions, rollouts } = this.#options;
    clearTimeout(this.#readAgain);
    const read = await rules.read();
    await Promise.all(rollouts.revisions.map(({ learned }) => learned));
    const mustSettle = this.#mustSettle && read.settle !== undefined;
    this.#mustSettle = false;
    if (!mustSettle && this.#isTaken(read)) {
      return;
    }
    const snapshot = (await read.settle?.((tried) => this.#errorsIn(tried))) ?? read;
    if (snapshot !== read && this.#isTaken(snapshot)) {
      return;
    }
    if (keeper?.isLeading === false) {
      // Another server decides which rules are rolled out, unless this one was only too busy to be sure that it still does.
      this.#readAgain = setTimeout(() => this.refresh(), READ_AGAIN_MS);
      this.#readAgain.unref();
      return;
    }
    const revision = revisions.of(snapshot, shownRevisions(rollouts, revisions).serving);
    const standsAlone = read.settle !== undefined;
    if (await this.isGood(revision, snapshot, standsAlone)) {
      await this.roll(revision, true);
    }
  }

  /** Whether proxies have it already, or are told at once of what is new. */
  #isTaken(snapshot: RuleSnapshot): boolean {
    const { newest } = this.#options.revisions;
    if (newest === undefined) {
      return false;
    }
    const isTaken = snapshot.revision === newest.snapshot.revision || this.#takeEndpoints(newest, snapshot);
    if (isTaken && heldKey(snapshot) !== this.#heldTold) {
      this.#tellRules(newest.id, snapshot, new Report(false), false);
    }
    return isTaken;
  }

  /** A change of nothing but endpoints is told at once, whichever revision a proxy has. False when it is another change. */
  #takeEndpoints(newest: Revision, snapshot: RuleSnapshot): boolean {
    const { keeper, rollouts, guardClock, onEndpoints } = this.#options;
    const change = snapshot.endpointsSince(newest.snapshot);
    if (change === undefined || !newest.takeEndpoints(change, snapshot)) {
      return false;
    }
    for (const revision of rollouts.revisions) {
      if (revision !== newest) {
        revision.takeEndpoints(change);
      }
    }
    guardClock.pass();
    onEndpoints();
    keeper?.changed();
    return true;
  }

  #tellRules(revision: string, snapshot: RuleSnapshot, findings: Findings, refused: boolean): void {
    this.#heldTold = heldKey(snapshot);
    this.#options.onEvent({ kind: "rules", revision, findings, refused, snapshot });
  }

  /** What is wrong with rules for the proxies that have joined. */
  async #errorsIn(snapshot: RuleSnapshot): Promise<readonly Diagnostic[]> {
    const scopes = new Set(this.#options.claims().map((claimed) => snapshot.scopeOf(claimed)));
    this.#settledFor = new Set([...scopes].map(({ key }) => key));
    const results = await Promise.all([...scopes].map(({ options }) => snapshot.compile(options)));
    return results.flatMap(({ findings, compilation }) =>
      compilation === undefined && findings instanceof Report ? findings.errors : [],
    );
  }

  async #isWrongAlready(scope: Scope): Promise<boolean> {
    const { newest } = this.#options.revisions;
    return newest !== undefined && (await newest.buildFor(scope)).build === undefined;
  }

  /** Those that are in use. */
  #scopes(revision: Revision): readonly Scope[] {
    const scopes = this.#options.claims().map((claimed) => revision.scopeOf(claimed));
    return [...new Map(scopes.map((scope) => [scope.key, scope])).values()];
  }
}

/** The same for the same versions of objects that are held back. */
function heldKey({ held }: RuleSnapshot): string {
  return held.length === 0
    ? ""
    : JSON.stringify(held.map(({ file, holds }) => [file.path, file.text, holds]));
}
