/**
 * A fleet: rules on one side, proxies on the other. It reads the rules when they change, decides which proxy shall have which
 * revision, and answers what can be asked of it. It opens nothing: streams and questions are handed in.
 */

import { readFile } from "node:fs/promises";
import { loadFilter } from "../answers/wasm-host/filter-vm.ts";
import type { Places } from "../back/xds/places.ts";
import type { FindingsSummary } from "../diagnostics/render/report.ts";
import type { ProxyOptions } from "../options.ts";
import { filterModulePath } from "../platform/package-root.ts";
import { type AdsCodec, adsCodec, type Decoded } from "../run/ads/codec.ts";
import type { AdsStream } from "../run/ads/server.ts";
import { adsPlaces } from "../run/delivery/ads/places.ts";
import type { Watch } from "../source/rule-source.ts";
import type { FleetEvent } from "./model/event.ts";
import type { ProxyNode } from "./model/node.ts";
import type { FleetStatus, ProxyReport, ProxyState, RevisionReport } from "./model/report.ts";
import type { FleetRules } from "./model/rules.ts";
import type { Scope } from "./model/scope.ts";
import { type Outcome, ProxyLine } from "./proxies/proxy-line.ts";
import { Revision } from "./revisions/revision.ts";
import { VerifiedPrograms } from "./revisions/verified-programs.ts";
import { claimedOptions } from "./scope/claims.ts";

export interface FleetOptions {
  readonly rules: FleetRules;
  readonly onEvent: (event: FleetEvent) => void;
}

/** How many revisions can be asked about, and gone back to. */
const REVISIONS = 20;

export class Fleet {
  readonly #options: FleetOptions;
  readonly #codec: AdsCodec;
  readonly #places: Places;
  readonly #programs: VerifiedPrograms;
  readonly #lines = new Map<string, ProxyLine>();
  /** The newest last. */
  #revisions: Revision[] = [];
  #serving: Revision | undefined;
  #refused: FindingsSummary | undefined;
  #watch: Watch | undefined;
  #isStale = false;
  #working: Promise<void> | undefined;
  #isClosed = false;

  private constructor(options: FleetOptions, codec: AdsCodec, module: Uint8Array) {
    this.#options = options;
    this.#codec = codec;
    this.#places = adsPlaces(module);
    this.#programs = new VerifiedPrograms(loadFilter(filterModulePath()));
  }

  /** Reads the filter's module, which every proxy is sent. */
  static async create(options: FleetOptions): Promise<Fleet> {
    return new Fleet(options, await adsCodec(), await readFile(filterModulePath()));
  }

  /** Resolves when the rules were read for the first time, be they right or wrong, and every later change is noticed. */
  async start(): Promise<void> {
    this.#watch = await this.#options.rules.watch(() => this.refresh());
    this.refresh();
    await this.#working;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#watch?.close();
    await this.#working;
    await Promise.all([...this.#lines.values()].map((line) => line.close()));
  }

  /** Reads the rules again. */
  refresh(): void {
    this.#isStale = true;
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  /**
   * A proxy has opened a stream; `first` is its first message, which was read of it already. Throws a `NodeError` for claims that
   * mean nothing.
   */
  join(node: ProxyNode, stream: AdsStream, first: Decoded): void {
    const claimed = claimedOptions(node, this.#options.rules.defaults);
    const scope = this.#scopeOf(claimed);
    let line = this.#lines.get(node.id);
    if (line === undefined) {
      line = new ProxyLine({
        node,
        claimed,
        scope,
        codec: this.#codec,
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
    void this.#tell(line);
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
    for (const { state, scope } of this.#lines.values()) {
      proxies[state]++;
      scopes.set(scope.key, (scopes.get(scope.key) ?? 0) + 1);
    }
    return {
      ...(this.#serving && { revision: this.#serving.id }),
      proxies,
      scopes: [...scopes].map(([key, count]) => ({ key, proxies: count })),
      ...(this.#refused && { refused: this.#refused }),
    };
  }

  proxies(): ProxyReport[] {
    return [...this.#lines.values()].map((line) => reportOf(line));
  }

  /** The newest first. */
  revisions(): RevisionReport[] {
    const lines = [...this.#lines.values()];
    return this.#revisions.toReversed().map((revision) => ({
      id: revision.id,
      seen: revision.seen.toISOString(),
      state: revision === this.#serving ? "serving" : "superseded",
      findings: revision.findings,
      proxies: lines.filter((line) => line.revision === revision.id).length,
    }));
  }

  async #work(): Promise<void> {
    while (this.#isStale && !this.#isClosed) {
      this.#isStale = false;
      await this.#read().catch((error) => this.#options.onEvent({ kind: "failed", error }));
    }
  }

  async #read(): Promise<void> {
    const { rules, onEvent } = this.#options;
    const snapshot = await rules.read();
    if (snapshot.revision === this.#serving?.id) {
      return;
    }
    const revision = new Revision({ snapshot, places: this.#places, programs: this.#programs });
    for (const scope of this.#scopes(revision)) {
      const { findings, build } = await revision.buildFor(scope);
      onEvent({ kind: "rules", revision: revision.id, findings, refused: build === undefined });
      if (build === undefined) {
        this.#refused = findings.summary;
        return;
      }
    }
    this.#refused = undefined;
    this.#revisions = [...this.#revisions, revision].slice(-REVISIONS);
    this.#serving = revision;
    onEvent({ kind: "serving", revision: revision.id });
    for (const line of this.#lines.values()) {
      void this.#tell(line);
    }
  }

  /** Those that somebody is in; before anybody came, that of a proxy which claims nothing. */
  #scopes(revision: Revision): Scope[] {
    const claims = [...this.#lines.values()].map(({ claimed }) => claimed);
    const all = claims.length > 0 ? claims : [this.#options.rules.defaults];
    const scopes = all.map((claimed) => revision.scopeOf(claimed));
    return [...new Map(scopes.map((scope) => [scope.key, scope])).values()];
  }

  /** Before there are rules, nothing tells proxies apart. */
  #scopeOf(claimed: ProxyOptions): Scope {
    return this.#serving?.scopeOf(claimed) ?? { key: "*", options: claimed };
  }

  /** Says to a proxy what it shall have. */
  async #tell(line: ProxyLine): Promise<void> {
    const revision = this.#serving;
    if (revision === undefined) {
      return;
    }
    const scope = revision.scopeOf(line.claimed);
    line.scope = scope;
    const { build } = await revision.buildFor(scope);
    if (build !== undefined && revision === this.#serving && scope === line.scope && !this.#isClosed) {
      line.moveTo({ revision: revision.id, build });
    }
  }

  #onOutcome({ id }: ProxyLine, revision: string, outcome: Outcome, ms: number): void {
    const { onEvent } = this.#options;
    if (outcome.kind === "taken") {
      onEvent({ kind: "taken", proxy: id, revision, ms: Math.round(ms) });
    } else {
      const kind = outcome.kind === "refused" ? "refused" : "silent";
      onEvent({ kind, proxy: id, revision, words: outcome.words });
    }
  }

  #onState({ id, state }: ProxyLine): void {
    if (state === "lost") {
      this.#options.onEvent({ kind: "lost", proxy: id });
    }
  }
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
