/**
 * A revision: one state of the rules, and what it comes to for each scope that somebody is in. What was made of it is kept, so
 * that proxies which come later are told the same.
 */

import type { Places } from "../../back/xds/places.ts";
import { emitResources } from "../../back/xds/resources.ts";
import type { Findings, FindingsSummary } from "../../diagnostics/render/report.ts";
import type { ProxyOptions } from "../../options.ts";
import { drainFactsOf } from "../../run/delivery/drain-facts.ts";
import type { LiveBuild } from "../../run/delivery/live-configuration.ts";
import { withSecretsRead } from "../../run/secret-files.ts";
import type { RuleSnapshot } from "../model/rules.ts";
import type { Scope } from "../model/scope.ts";
import type { VerifiedPrograms } from "./verified-programs.ts";

export interface ScopeBuild {
  readonly findings: Findings;
  /** Absent when the rules are wrong for that scope. */
  readonly build?: LiveBuild;
}

export interface RevisionOptions {
  readonly snapshot: RuleSnapshot;
  readonly places: Places;
  readonly programs: VerifiedPrograms;
}

/** A proxy of a fleet has its bootstrap from somebody else: it never changes here. */
const BOOTSTRAP = {};

export class Revision {
  readonly id: string;
  readonly seen = new Date();
  readonly snapshot: RuleSnapshot;
  readonly #places: Places;
  readonly #programs: VerifiedPrograms;
  #findings: FindingsSummary = { errors: 0, warnings: 0, infos: 0, strict: false };
  readonly #builds = new Map<string, Promise<ScopeBuild>>();

  constructor({ snapshot, places, programs }: RevisionOptions) {
    this.id = snapshot.revision;
    this.snapshot = snapshot;
    this.#places = places;
    this.#programs = programs;
  }

  /** What there was to say of its rules, for the scope that was compiled last. */
  get findings(): FindingsSummary {
    return this.#findings;
  }

  /** Of a proxy that claims these options. */
  scopeOf(claimed: ProxyOptions): Scope {
    return this.snapshot.scopeOf(claimed);
  }

  buildFor(scope: Scope): Promise<ScopeBuild> {
    const known = this.#builds.get(scope.key);
    if (known !== undefined) {
      return known;
    }
    const build = this.#make(scope);
    this.#builds.set(scope.key, build);
    return build;
  }

  async #make({ options }: Scope): Promise<ScopeBuild> {
    const { findings, compilation } = await this.snapshot.compile(options);
    this.#findings = findings.summary;
    if (compilation === undefined) {
      return { findings };
    }
    const { blobs } = compilation;
    this.#programs.verify(blobs);
    const config = withSecretsRead(compilation.config);
    const resources = emitResources(config, { ...options, blobs, places: this.#places });
    return {
      findings,
      build: {
        drain: drainFactsOf(config),
        filtered: new Set(blobs.keys()),
        bootstrap: BOOTSTRAP,
        resources,
      },
    };
  }
}
