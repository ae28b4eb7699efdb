/**
 * A revision: one state of the rules, and what it comes to for each scope that somebody is in. What was made of it is kept, so
 * that proxies which come later are told the same. Where endpoints are is no part of it: they change beneath it.
 */

import type { Places } from "../../back/xds/places.ts";
import type { ResourceSet } from "../../back/xds/resource-set.ts";
import { emitResources } from "../../back/xds/resources.ts";
import type { Findings, FindingsSummary } from "../../diagnostics/render/report.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import type { EndpointChange } from "../../front/istio/endpoints/endpoint-change.ts";
import type { ProxyOptions } from "../../options.ts";
import { differenceOf } from "../../run/delivery/difference.ts";
import { drainFactsOf } from "../../run/delivery/drain-facts.ts";
import type { LiveBuild } from "../../run/delivery/live-configuration.ts";
import { withSecretsRead } from "../../run/secret-files.ts";
import { EndpointGuard, type HeldEndpoints } from "../endpoints/guard.ts";
import { ScopeEndpoints } from "../endpoints/scope-endpoints.ts";
import type { RuleSnapshot } from "../model/rules.ts";
import type { Scope } from "../model/scope.ts";
import { ScopeBuild } from "./scope-build.ts";
import type { VerifiedPrograms } from "./verified-programs.ts";

/** What the rules come to for a scope. */
export interface ScopeResult {
  readonly findings: Findings;
  /** Absent when the rules are wrong for that scope. */
  readonly build?: ScopeBuild;
}

export interface RevisionOptions {
  /** Of what was kept, not read before somebody asks. */
  readonly snapshot: RuleSnapshot | (() => RuleSnapshot);
  readonly places: Places;
  readonly programs: VerifiedPrograms;
  /** Whether endpoints are kept for a while that vanish too many at once. */
  readonly guardsEndpoints: boolean;
  /** What was there before: of its endpoints, too, not all vanish at once. */
  readonly before?: Revision | undefined;
  /** Of one that was served before this server began. */
  readonly kept?: KeptRevision;
  /** What was kept may have to be told with other endpoints. */
  readonly onLearned?: () => void;
}

/** What was kept of a revision; its builds by the keys of their scopes. */
export interface KeptRevision {
  readonly id: string;
  readonly seen: string;
  readonly findings: FindingsSummary;
  readonly sources: readonly SourceFile[];
  readonly builds: ReadonlyMap<string, LiveBuild>;
}

/** A proxy of a fleet has its bootstrap from somebody else: it never changes here. */
const BOOTSTRAP = {};

export class Revision {
  readonly id: string;
  readonly seen: Date;
  readonly #options: Omit<RevisionOptions, "snapshot" | "before" | "kept">;
  readonly #kept: KeptRevision | undefined;
  /** The newest with these rules. */
  #snapshot: RuleSnapshot | (() => RuleSnapshot);
  /** Endpoints have changed since it was kept. */
  #hasMoved = false;
  #learning: Promise<unknown> = Promise.resolve();
  #before: Revision | undefined;
  #findings: FindingsSummary;
  readonly #results = new Map<string, Promise<ScopeResult>>();
  readonly #builds = new Map<string, ScopeBuild>();
  readonly #scopes = new Map<string, Scope>();

  constructor({ snapshot, before, kept, ...options }: RevisionOptions) {
    this.id = kept?.id ?? (typeof snapshot === "function" ? snapshot() : snapshot).revision;
    this.seen = kept === undefined ? new Date() : new Date(kept.seen);
    this.#findings = kept?.findings ?? { errors: 0, warnings: 0, infos: 0, strict: false };
    this.#kept = kept;
    this.#snapshot = snapshot;
    this.#before = before;
    this.#options = options;
  }

  get snapshot(): RuleSnapshot {
    if (typeof this.#snapshot === "function") {
      this.#snapshot = this.#snapshot();
    }
    return this.#snapshot;
  }

  /** What it is compiled from. */
  get sources(): readonly SourceFile[] {
    return typeof this.#snapshot === "function" ? this.#kept!.sources : this.#snapshot.sources;
  }

  /** Resolves when it is known of all that was kept whether its endpoints can change. */
  get learned(): Promise<unknown> {
    return this.#learning;
  }

  /** What there was to say of its rules, for the scope that was compiled last. */
  get findings(): FindingsSummary {
    return this.#findings;
  }

  /** Of a proxy that claims these options. */
  scopeOf(claimed: ProxyOptions): Scope {
    return this.snapshot.scopeOf(claimed);
  }

  buildFor(scope: Scope): Promise<ScopeResult> {
    const known = this.#results.get(scope.key);
    if (known !== undefined) {
      return known;
    }
    const result = this.#make(scope);
    this.#results.set(scope.key, result);
    return result;
  }

  /** What was made for a scope; `undefined` when nothing was. */
  buildOf(key: string): ScopeBuild | undefined {
    return this.#builds.get(key);
  }

  /** What proxies of a scope have of it, were they told it here or by a server before this one. */
  toldTo(key: string): LiveBuild | undefined {
    return this.#builds.get(key)?.told ?? this.#kept?.builds.get(key);
  }

  /**
   * What a proxy has of it, were it told here or by a server before this one. `key`: of the scope that it is in by other rules. By these
   * it may be in another one, such as where one of its ports is new.
   */
  toldToProxy(claimed: ProxyOptions, key: string): LiveBuild | undefined {
    const isTold = this.#builds.size + (this.#kept?.builds.size ?? 0) > 0;
    return this.toldTo(key) ?? (isTold ? this.toldTo(this.scopeOf(claimed).key) : undefined);
  }

  /** What was made so far, for the scopes that somebody is in. */
  get builds(): readonly { readonly scope: Scope; readonly build: ScopeBuild }[] {
    return [...this.#builds].map(([key, build]) => ({ scope: this.#scopes.get(key)!, build }));
  }

  /** What is to be kept of it when the server ends: also what was kept before, and nobody has asked for since. */
  get kept(): readonly { readonly revision: string; readonly scope: string; readonly build: LiveBuild }[] {
    const builds = new Map([
      ...(this.#hasMoved ? [] : (this.#kept?.builds ?? [])),
      ...[...this.#builds].map(([key, { told }]) => [key, told] as const),
    ]);
    return [...builds].map(([scope, build]) => ({ revision: this.id, scope, build }));
  }

  /** No older revision is needed any more. */
  forgetBefore(): void {
    this.#before = undefined;
  }

  /**
   * Takes a change of endpoints up in all scopes, or in none: false when the change is one of more than endpoints for one of
   * them. `snapshot`: of the source that has it.
   */
  takeEndpoints(change: EndpointChange, snapshot?: RuleSnapshot): boolean {
    const commits = [...this.#builds.values()].map((build) => build.after(change));
    if (commits.some((commit) => commit === undefined)) {
      return false;
    }
    for (const commit of commits) {
      commit?.();
    }
    this.#snapshot = snapshot ?? this.#snapshot;
    this.#hasMoved = true;
    return true;
  }

  /** Lets endpoints pass in all scopes; see `ScopeBuild.pass`. */
  pass(now: number): { readonly held: readonly HeldEndpoints[]; readonly next?: number } {
    const held = new Map<string, HeldEndpoints>();
    let next: number | undefined;
    for (const build of this.#builds.values()) {
      const passed = build.pass(now);
      for (const one of passed.held) {
        held.set(one.cluster, one);
      }
      next = Math.min(next ?? Number.POSITIVE_INFINITY, passed.next ?? Number.POSITIVE_INFINITY);
    }
    return {
      held: [...held.values()],
      ...(next !== undefined && Number.isFinite(next) && { next }),
    };
  }

  async #make(scope: Scope): Promise<ScopeResult> {
    const { key } = scope;
    // Endpoints that have changed meanwhile are all that differs from what the rules come to now.
    const kept = this.#hasMoved ? undefined : this.#kept?.builds.get(key);
    const build = kept === undefined ? await this.#compile(scope) : this.#resume(scope, kept);
    if (build instanceof ScopeBuild) {
      build.pass(performance.now());
      this.#builds.set(key, build);
      this.#scopes.set(key, scope);
      return { findings: build.findings, build };
    }
    return { findings: build };
  }

  /** What its proxies have serves on as it is; how its endpoints are made is found out meanwhile. */
  #resume(scope: Scope, build: LiveBuild): ScopeBuild {
    const findings: Findings = { diagnostics: [], summary: this.#findings, hasErrors: false };
    const resumed = new ScopeBuild({ findings, build, guard: this.#guard(scope) });
    const learn = async () => {
      const made = await this.#compile(scope);
      // Another version of Sluice may make something else of the same rules: that goes out with the next ones.
      if (made instanceof ScopeBuild && hasSameRules(made.told.resources, build.resources)) {
        resumed.learn(made);
        resumed.pass(performance.now());
        this.#options.onLearned?.();
      }
    };
    // What goes wrong with it the next change of the rules meets, too, and tells.
    this.#learning = Promise.all([this.#learning, learn().catch(() => {})]);
    return resumed;
  }

  #guard({ key }: Scope): EndpointGuard | undefined {
    if (!this.#options.guardsEndpoints) {
      return undefined;
    }
    const guard = new EndpointGuard();
    const before = this.#before?.toldTo(key);
    if (before !== undefined) {
      guard.pass(before.resources, performance.now());
    }
    return guard;
  }

  async #compile(scope: Scope): Promise<ScopeBuild | Findings> {
    const { options } = scope;
    const { snapshot } = this;
    const { findings, compilation } = await snapshot.compile(options);
    this.#findings = findings.summary;
    if (compilation === undefined) {
      return findings;
    }
    if (this.#snapshot !== snapshot) {
      // Endpoints have changed while it was made: it is made of what there is now.
      return this.#compile(scope);
    }
    const { places, programs } = this.#options;
    const { blobs } = compilation;
    programs.verify(blobs);
    const config = withSecretsRead(compilation.config);
    return new ScopeBuild({
      findings,
      config,
      build: {
        drain: drainFactsOf(config),
        filtered: new Set(blobs.keys()),
        bootstrap: BOOTSTRAP,
        resources: emitResources(config, { ...options, blobs, places }),
      },
      endpoints: ScopeEndpoints.of({ ...compilation, config }, snapshot.resources, options),
      guard: this.#guard(scope),
    });
  }
}

function hasSameRules(a: ResourceSet, b: ResourceSet): boolean {
  const { changed, removed } = differenceOf({ ...a, endpoints: b.endpoints }, b);
  return changed.length + removed.length === 0;
}
