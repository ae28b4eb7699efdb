/**
 * A revision: one state of the rules, and what it comes to for each scope that somebody is in. What was made of it is kept, so
 * that proxies which come later are told the same. Where endpoints are is no part of it: they change beneath it.
 */

import type { Places } from "../../back/xds/places.ts";
import type { ResourceSet } from "../../back/xds/resource-set.ts";
import { emitResources } from "../../back/xds/resources.ts";
import type { Findings, FindingsSummary } from "../../diagnostics/render/report.ts";
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
  readonly snapshot: RuleSnapshot;
  readonly places: Places;
  readonly programs: VerifiedPrograms;
  /** Whether endpoints are kept for a while that vanish too many at once. */
  readonly guardsEndpoints: boolean;
  /** What was there before: of its endpoints, too, not all vanish at once. */
  readonly before?: Revision | undefined;
  /** Of one that was served before this server began. */
  readonly kept?: KeptRevision;
}

/** What was kept of a revision; its builds by the keys of their scopes. */
export interface KeptRevision {
  readonly id: string;
  readonly seen: string;
  readonly findings: FindingsSummary;
  readonly builds: ReadonlyMap<string, LiveBuild>;
}

/** A proxy of a fleet has its bootstrap from somebody else: it never changes here. */
const BOOTSTRAP = {};

export class Revision {
  readonly id: string;
  readonly seen: Date;
  readonly #options: Omit<RevisionOptions, "snapshot" | "before" | "kept">;
  readonly #kept: ReadonlyMap<string, LiveBuild>;
  /** The newest with these rules. */
  #snapshot: RuleSnapshot;
  #before: Revision | undefined;
  #findings: FindingsSummary;
  readonly #results = new Map<string, Promise<ScopeResult>>();
  readonly #builds = new Map<string, ScopeBuild>();
  readonly #scopes = new Map<string, Scope>();

  constructor({ snapshot, before, kept, ...options }: RevisionOptions) {
    this.id = kept?.id ?? snapshot.revision;
    this.seen = kept === undefined ? new Date() : new Date(kept.seen);
    this.#findings = kept?.findings ?? { errors: 0, warnings: 0, infos: 0, strict: false };
    this.#kept = kept?.builds ?? new Map();
    this.#snapshot = snapshot;
    this.#before = before;
    this.#options = options;
  }

  get snapshot(): RuleSnapshot {
    return this.#snapshot;
  }

  /** What there was to say of its rules, for the scope that was compiled last. */
  get findings(): FindingsSummary {
    return this.#findings;
  }

  /** Of a proxy that claims these options. */
  scopeOf(claimed: ProxyOptions): Scope {
    return this.#snapshot.scopeOf(claimed);
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

  /** What was made so far, for the scopes that somebody is in. */
  get builds(): readonly { readonly scope: Scope; readonly build: ScopeBuild }[] {
    return [...this.#builds].map(([key, build]) => ({ scope: this.#scopes.get(key)!, build }));
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
    const kept = this.#kept.get(key);
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
    void this.#compile(scope).then(
      (made) => {
        // Another version of Sluice may make something else of the same rules: that goes out with the next ones.
        if (made instanceof ScopeBuild && hasSameRules(made.told.resources, build.resources)) {
          resumed.learn(made);
        }
      },
      () => {},
    );
    return resumed;
  }

  #guard({ key }: Scope): EndpointGuard | undefined {
    if (!this.#options.guardsEndpoints) {
      return undefined;
    }
    const guard = new EndpointGuard();
    const before = this.#before?.buildOf(key);
    if (before !== undefined) {
      guard.pass(before.told.resources, performance.now());
    }
    return guard;
  }

  async #compile(scope: Scope): Promise<ScopeBuild | Findings> {
    const { options } = scope;
    const snapshot = this.#snapshot;
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
