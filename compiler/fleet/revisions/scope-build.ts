/**
 * What the proxies of one scope are told by one revision. Its rules never change; its endpoints do, under way and for as long as
 * any proxy has the revision.
 */

import type { Findings } from "../../diagnostics/render/report.ts";
import type { EndpointChange } from "../../front/istio/endpoints/endpoint-change.ts";
import type { Config } from "../../ir/ir.ts";
import { differenceOf } from "../../run/delivery/difference.ts";
import type { LiveBuild } from "../../run/delivery/live-configuration.ts";
import type { EndpointGuard, HeldEndpoints } from "../endpoints/guard.ts";
import type { ScopeEndpoints } from "../endpoints/scope-endpoints.ts";

export interface ScopeBuildParts {
  readonly findings: Findings;
  readonly build: LiveBuild;
  /** Absent, as the endpoints: not known yet; see `learn`. */
  readonly config?: Config;
  readonly endpoints?: ScopeEndpoints;
  /** Absent: whatever vanishes is gone at once. */
  readonly guard?: EndpointGuard | undefined;
}

export class ScopeBuild {
  readonly findings: Findings;
  readonly #guard: EndpointGuard | undefined;
  #endpoints: ScopeEndpoints | undefined;
  #config: Config | undefined;
  /** As its source has it. */
  #build: LiveBuild;
  /** As it is told. */
  #told: LiveBuild;

  constructor({ findings, config, build, endpoints, guard }: ScopeBuildParts) {
    this.findings = findings;
    this.#config = config;
    this.#guard = guard;
    this.#endpoints = endpoints;
    this.#build = build;
    this.#told = build;
  }

  /** The same object until it is to be told otherwise. */
  get told(): LiveBuild {
    return this.#told;
  }

  get endpoints(): ScopeEndpoints | undefined {
    return this.#endpoints;
  }

  /** What its rules come to, for questions about them. Its endpoints may be older than what is told. */
  get config(): Config | undefined {
    return this.#config;
  }

  /** From now on its endpoints can change without a compilation, and it can be asked. `made`: the same rules, with the endpoints of now. */
  learn(made: ScopeBuild): void {
    this.#endpoints = made.endpoints;
    this.#config = made.config;
    const { changed, removed } = differenceOf(this.#build.resources, made.told.resources);
    if (changed.length + removed.length > 0) {
      this.#build = made.told;
    }
  }

  /** What a change of endpoints would make of it; `undefined` when it would change more. */
  after(change: EndpointChange): (() => void) | undefined {
    const changed = this.#endpoints?.after(change, this.#build.resources);
    if (changed === undefined) {
      return undefined;
    }
    return () => {
      this.#endpoints = changed.endpoints;
      if (changed.resources !== this.#build.resources) {
        this.#build = { ...this.#build, resources: changed.resources };
      }
    };
  }

  /** Holds endpoints back that vanish too many at once. `next`: when to ask again, by the same clock as `now`. */
  pass(now: number): { readonly held: readonly HeldEndpoints[]; readonly next?: number } {
    const { resources } = this.#build;
    const guarded = this.#guard?.pass(resources, now) ?? { resources, held: [] };
    if (guarded.resources === resources) {
      this.#told = this.#build;
    } else if (guarded.resources !== this.#told.resources) {
      this.#told = { ...this.#build, resources: guarded.resources };
    }
    return guarded;
  }
}
