/**
 * The whole compiler in one call: validate → lower → encode. What is wrong with the input goes to the sink; nothing here
 * prints, nothing is written, and nothing is remembered but in the `CompilerCache` that is handed in.
 */

import { isDeepStrictEqual } from "node:util";
import { deciderOf, refusedByTarget } from "./back/decider.ts";
import { logOf } from "./back/log-of.ts";
import { EncodedBodies, encodeProgram } from "./back/program/encode.ts";
import { tooManyToCount } from "./back/route-counters.ts";
import { wantsRuleNames } from "./back/wants-rule-names.ts";
import { type DiagnosticCode, levelFor, type Purpose } from "./diagnostics/codes.ts";
import type { Diagnostic, DiagnosticSink } from "./diagnostics/diagnostic.ts";
import type { SourceFile } from "./diagnostics/span.ts";
import type { Environment } from "./front/istio/context/environment.ts";
import { LoweringCache } from "./front/istio/context/lowering-cache.ts";
import { SharedLowering } from "./front/istio/context/shared-lowering.ts";
import { lowerToIr } from "./front/istio/lower.ts";
import { type CheckedReferences, checkReferences } from "./front/istio/references/check-references.ts";
import type { UnreadResource } from "./front/istio/unread/unread-resource.ts";
import { reportUnread, unreadResources } from "./front/istio/unread/unread-resources.ts";
import { validate } from "./front/istio/validate/index.ts";
import { meshSettings } from "./front/istio/validate/mesh-settings.ts";
import { loadResources, type ResourceSet } from "./front/resources/model.ts";
import { type Replaced, withNewerFiles } from "./front/resources/newer-files.ts";
import { lastOfEach } from "./front/resources/repeated.ts";
import { type ClusterPart, clusterParts } from "./front/services/cluster-uses.ts";
import { type MeshSettings, withDefaultVisibility } from "./front/services/mesh-settings.ts";
import { reportTo } from "./front/services/report.ts";
import { withGroupTemplates } from "./front/services/workload-groups.ts";
import type { Config } from "./ir/ir.ts";
import { assertValid } from "./ir/validate.ts";
import type { ProxyOptions } from "./options.ts";
import { NO_PROGRESS, type Progress } from "./progress.ts";
import { FILES_ON_DISK } from "./source/files-on-disk.ts";
import { SourceCache } from "./source/plain.ts";

/** What an Envoy is built from, for one proxy. */
export interface Compilation {
  readonly sources: readonly SourceFile[];
  readonly config: Config;
  /** The routing blob of each listener that the filter decides for, by the listener's name; Envoy's own routes decide for others. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  /** Of which service each cluster is that has one. */
  readonly clusterParts: readonly ClusterPart[];
}

/** What is known of the input before it is encoded, be it right or wrong. */
export interface Reading {
  readonly sources: readonly SourceFile[];
  readonly resources: ResourceSet;
  /** What is wrong with them, whoever asks; the sink has it too. */
  readonly findings: readonly Diagnostic[];
  /** What the rules were lowered against. */
  readonly environment: Environment;
  readonly config: Config;
  /** Of which service each cluster is that has one. */
  readonly clusterParts: readonly ClusterPart[];
  /** What Istio's proxy would obey besides. */
  readonly unread: readonly UnreadResource[];
  /** How many errors the sink was told. */
  readonly errors: number;
}

/** Of objects that are given several times. */
const REPEATED: ReadonlySet<string> = new Set(["SL0010", "SL0011"] satisfies DiagnosticCode[]);
/** Files; where more have changed, everything is loaded. */
const MOST_REPLACED = 1000;

/** What the input says whichever proxy asks, and all that is wrong with it. */
interface Mesh {
  readonly sources: readonly SourceFile[];
  /** As they are written. */
  readonly given: ResourceSet;
  /** With what the mesh configuration and WorkloadGroups say of those that do not say it. */
  readonly resources: ResourceSet;
  readonly findings: readonly Diagnostic[];
}

/**
 * What is kept between the compilations of one input, so that a change costs no more than itself and a second proxy no more
 * than its own view. Two inputs (two tenants, the old and the new side of a comparison) need one each.
 */
export class CompilerCache {
  readonly #source = new SourceCache();
  /** For all proxies, under the settings of the mesh. */
  #shared = new SharedLowering();
  readonly bodies = new EncodedBodies();
  /** For each proxy: the same options are the same object. */
  #lowering = new WeakMap<ProxyOptions, LoweringCache>();
  #mesh: Mesh | undefined;

  meshOf(sources: readonly SourceFile[], progress: Progress): Mesh {
    const before = this.#mesh;
    if (before?.sources.length === sources.length && sources.every((file, i) => file === before.sources[i])) {
      return before;
    }
    this.#mesh = before && this.#renewed(before, sources);
    this.#mesh ??= this.#loaded(sources, progress);
    return this.#mesh;
  }

  #loaded(sources: readonly SourceFile[], progress: Progress): Mesh {
    // Never two meshes in memory at once.
    const findings: Diagnostic[] = [];
    const sink = { report: (diagnostic: Diagnostic) => void findings.push(diagnostic) };
    const all = loadResources(sources, sink, progress, this.#source);
    this.#source.keepOnly(sources);
    // Also what is replaced by a later one: `kubectl apply` would be refused for it.
    validate(all, sink, progress);
    const given = lastOfEach(all, sink);
    const settings = meshSettings(given, sink);
    if (!isDeepStrictEqual(settings, this.#shared.settings)) {
      this.#shared = new SharedLowering(settings);
      this.#lowering = new WeakMap();
    }
    return { sources, given, resources: asTheMeshHasThem(given, settings), findings };
  }

  /** The mesh after a few files have changed; `undefined` where all of it has to be looked at. */
  #renewed(before: Mesh, sources: readonly SourceFile[]): Mesh | undefined {
    // Whether copies say the same depends on each of them.
    if (before.sources.length !== sources.length || before.findings.some(({ code }) => REPEATED.has(code))) {
      return undefined;
    }
    const replaced: Replaced[] = [];
    for (const [i, newer] of sources.entries()) {
      const older = before.sources[i]!;
      if (older !== newer) {
        if (older.path !== newer.path || replaced.push([older, newer]) > MOST_REPLACED) {
          return undefined;
        }
      }
    }
    const older = new Set(replaced.map(([file]) => file));
    const isAboutOlder = before.findings.some(
      ({ span, related = [] }) =>
        (span && older.has(span.file)) || related.some((other) => older.has(other.span.file)),
    );
    const renewed = isAboutOlder ? undefined : withNewerFiles(before.given, replaced, this.#source);
    if (renewed === undefined || renewed.fresh.meshConfigs.length > 0) {
      return undefined;
    }
    let findings = 0;
    validate(renewed.fresh, { report: () => void findings++ });
    const given = renewed.resources;
    const resources = asTheMeshHasThem(given, this.#shared.settings);
    return findings === 0 ? { sources, given, resources, findings: before.findings } : undefined;
  }

  loweringFor(options: ProxyOptions): LoweringCache {
    const known = this.#lowering.get(options) ?? new LoweringCache(this.#shared);
    this.#lowering.set(options, known);
    return known;
  }
}

/** With what others say of those that do not say it. */
function asTheMeshHasThem(given: ResourceSet, settings: MeshSettings): ResourceSet {
  return withGroupTemplates(withDefaultVisibility(given, settings));
}

/** Validates texts that were read, and lowers them for a proxy. What an Envoy would lack is said as the purpose asks for. */
export function understand(
  sources: readonly SourceFile[],
  options: ProxyOptions,
  purpose: Purpose,
  sink: DiagnosticSink,
  progress: Progress = NO_PROGRESS,
  cache: CompilerCache = new CompilerCache(),
  references: CheckedReferences = "ofProxy",
): Reading {
  let errors = 0;
  const counting: DiagnosticSink = {
    report(diagnostic: Diagnostic) {
      const level = levelFor(diagnostic.code, purpose, options.allowUnenforced);
      if (level === "unsaid") {
        return;
      }
      errors += level === "error" ? 1 : 0;
      sink.report(level === diagnostic.level ? diagnostic : { ...diagnostic, level });
    },
  };
  const { resources, findings } = cache.meshOf(sources, progress);
  for (const finding of findings) {
    counting.report(finding);
  }
  // Lowered in spite of errors, so that everything that is wrong is said at once.
  const lowering = cache.loweringFor(options);
  const lowered = lowerToIr(resources, options, counting, {
    files: FILES_ON_DISK,
    now: new Date(),
    purpose,
    progress,
    cache: lowering,
  });
  const { config, environment, references: found } = lowered;
  checkReferences(resources, options, lowered, references, counting, lowering);
  const unread = unreadResources(resources, options);
  reportUnread(unread, reportTo(counting));
  for (const refused of refusedByTarget(config, options.target)) {
    counting.report(refused);
  }
  for (const listener of config.listeners) {
    if (deciderOf(listener, options.target) === "native") {
      tooManyToCount(listener, options).forEach(counting.report);
    }
  }
  return {
    sources,
    resources,
    findings,
    environment,
    config,
    clusterParts: clusterParts(found.clusterUses),
    unread,
    errors,
  };
}

/** What is wrong with a text by itself, whatever stands beside it and whoever asks. */
export function errorsInText(file: SourceFile): readonly Diagnostic[] {
  const { findings } = new CompilerCache().meshOf([file], NO_PROGRESS);
  return findings.filter(({ level }) => level === "error");
}

/** The resources that a compilation was made from, each with its place. What is not read of the input is left out. */
export function resourcesOf({ sources }: Pick<Compilation, "sources">): ResourceSet {
  const silent = { report() {} };
  return lastOfEach(loadResources(sources, silent), silent);
}

/** The programs of rules that nothing is wrong with. `before`: what an Envoy that takes this has now. */
export function encode(
  { sources, config, clusterParts }: Pick<Reading, "sources" | "config" | "clusterParts">,
  options: ProxyOptions,
  progress: Progress = NO_PROGRESS,
  before: Pick<Compilation, "config" | "blobs"> = {
    config: { listeners: [], clusters: [] },
    blobs: new Map(),
  },
  bodies?: EncodedBodies,
): Compilation {
  assertValid(config);
  const blobs = new Map<string, Uint8Array>();
  const known = new Map(
    before.config.listeners.map(({ name }) => [name, before.blobs.has(name) ? "wasm" : "native"] as const),
  );
  const filtered = config.listeners.filter(
    (listener) => deciderOf(listener, options.target, known.get(listener.name)) === "wasm",
  );
  const total = filtered.reduce((sum, { routes }) => sum + routes.virtualHosts.length, 0);
  let done = 0;
  const asked = {
    counters: options.ruleCounters !== "off",
    names: wantsRuleNames({ ...options, log: logOf(config, options) }),
  };
  for (const { name, routes } of filtered) {
    const onHost = () => progress.at("encoding", ++done, total);
    const known = bodies && { bodies, listener: name };
    blobs.set(name, encodeProgram(routes, onHost, known, { listener: name, ...asked }));
  }
  return { sources, config, blobs, clusterParts };
}
