/**
 * A workspace: one source of rules, the proxies that they are compiled for, and what is kept between compilations. All state
 * between two calls lives here and ends with the workspace; two of them in one process know nothing of each other.
 */

import { createHash } from "node:crypto";
import { Coverage, type CoverageReport } from "./answers/cases/coverage.ts";
import type { CaseContext } from "./answers/cases/read.ts";
import { readCases } from "./answers/cases/read.ts";
import type { CheckResult } from "./answers/cases/results.ts";
import { runOffline } from "./answers/cases/run-offline.ts";
import { standInHeaders } from "./answers/cases/stand-in.ts";
import { tellOfCheaperTarget } from "./answers/check/cheaper-target.ts";
import { checkSources } from "./answers/check/check.ts";
import { diffConfigs } from "./answers/diff/diff.ts";
import { notCompared } from "./answers/diff/not-compared.ts";
import { type DiffReport, reportOf } from "./answers/diff/report.ts";
import { Evaluators } from "./answers/evaluate/evaluator.ts";
import type { ConnectionExplanation } from "./answers/explain/connection-explanation.ts";
import { explainConnection } from "./answers/explain/explain-connection.ts";
import { Explainer } from "./answers/explain/explainer.ts";
import type { Explanation } from "./answers/explain/explanation.ts";
import {
  type AskedRequest,
  isClientAddress,
  makeRequest,
  parseRequestLine,
  RequestError,
} from "./answers/request/asked.ts";
import { type AskedConnection, parseConnection } from "./answers/request/asked-connection.ts";
import { loadFilter } from "./answers/wasm-host/filter-vm.ts";
import {
  type Compilation,
  CompilerCache,
  encode,
  errorsInText,
  type Reading,
  understand,
} from "./compile.ts";
import type { Purpose } from "./diagnostics/codes.ts";
import type { Diagnostic, DiagnosticSink } from "./diagnostics/diagnostic.ts";
import { type Findings, Report } from "./diagnostics/render/report.ts";
import type { SourceFile } from "./diagnostics/span.ts";
import type { RuleSnapshot } from "./fleet/model/rules.ts";
import { Distinctions } from "./fleet/scope/distinctions.ts";
import { endpointChange } from "./front/istio/endpoints/endpoint-change.ts";
import { serviceNamed } from "./front/istio/mesh/client-names.ts";
import type { ResourceSet } from "./front/resources/model.ts";
import { type HeldObject, heldObjects } from "./held-object.ts";
import { withoutRateLimits } from "./ir/without-rate-limits.ts";
import { LastGood } from "./last-good.ts";
import type { ProxyOptions } from "./options.ts";
import { EnvironmentError } from "./platform/error.ts";
import { filterModulePath } from "./platform/package-root.ts";
import { NO_PROGRESS, type Progress } from "./progress.ts";
import { runInEnvoy } from "./run/stand-in/run-in-envoy.ts";
import type { RuleSource, Watch } from "./source/rule-source.ts";
import { checkCommon, checkNames, checkSource, readProxy, wrong } from "./wrong-call.ts";

/** Of `createWorkspace`. */
export interface WorkspaceOptions {
  /** Where the rules come from: `files(["rules/"])`, `texts({ "rules.yaml": "…" })`, or one of your own. */
  readonly source: RuleSource;
  /** The proxies, by names of your choice, each with what differs from the defaults. Absent: one, `default`. */
  readonly proxies?: Readonly<Record<string, Partial<ProxyOptions>>>;
  /** Count warnings as errors. Default: false. */
  readonly strict?: boolean;
  /** Leave out notes, which are findings of the level `info`. Default: false. */
  readonly quiet?: boolean;
  /** Told how far a compilation is, some thousand times in a large one. */
  readonly progress?: Progress;
}

/** Of `compile`. */
export interface CompileOptions {
  /** The Envoy runs on this machine, so that files which the rules name have to be here. Default: false. */
  readonly toRun?: boolean;
}

/** What `compile` gives. */
export interface CompileResult {
  readonly findings: Findings;
  /** Absent when the rules are wrong. */
  readonly compilation?: Compilation;
  /** Objects that are wrong, of a source whose texts stand alone: the compilation has an older version of them, or nothing. */
  readonly held: readonly HeldObject[];
}

/** What `explain` gives. */
export interface ExplainResult {
  readonly findings: Findings;
  /** Absent when the rules are wrong. */
  readonly explanation?: Explanation;
  /** Objects that are wrong, of a source whose texts stand alone, and left out. */
  readonly held: readonly HeldObject[];
}

/** What `explainConnection` gives. */
export interface ConnectionExplainResult {
  readonly findings: Findings;
  /** Absent when the rules are wrong. */
  readonly connection?: ConnectionExplanation;
  /** Objects that are wrong, of a source whose texts stand alone, and left out. */
  readonly held: readonly HeldObject[];
}

/** Of `explain` and `explainConnection`. */
export interface ExplainOptions {
  /** The listener that is asked: `mesh`, `gateway_80`. Default: one that knows the host. */
  readonly at?: string;
}

/** Of `test`. */
export interface TestOptions {
  /** Ask a real Envoy, which is found or installed as `sluice run` does it. Default: offline, by the same filter in Node. */
  readonly envoy?: boolean;
  /** Also tell which rules, matches and destinations no check reached. Default: false. */
  readonly coverage?: boolean;
  /** Told how an Envoy is found. */
  readonly log?: (line: string) => void;
}

/** What `test` gives. */
export interface TestResult {
  readonly findings: Findings;
  /** What is wrong with the cases themselves. */
  readonly caseFindings: Findings;
  /** How many cases there are. */
  readonly cases: number;
  /** What came of each check; none when the rules or the cases are wrong. */
  readonly checks: readonly CheckResult[];
  /** Which rules, matches and destinations the checks reached; absent unless it was asked for. */
  readonly coverage?: CoverageReport;
  /** How long the checks took, in milliseconds. */
  readonly ms: number;
  /** Rules and cases are right, and every check held. */
  readonly ok: boolean;
}

/** What `diff` gives. */
export interface DiffResult {
  readonly before: Findings;
  readonly after: Findings;
  /** Absent when one side is wrong. */
  readonly report?: DiffReport;
  /** Objects of either side that are wrong, of sources whose texts stand alone, and left out. */
  readonly held: readonly HeldObject[];
}

/** What a source gave, and what there was to say of it. */
interface Input {
  readonly files: readonly SourceFile[];
  readonly findings: readonly Diagnostic[];
  /** Objects of which `files` has something older, or nothing. */
  readonly held: readonly HeldObject[];
}

interface Proxy {
  readonly options: ProxyOptions;
  /** For questions, which only the filter can answer. */
  readonly asked: ProxyOptions;
}

/** Made by `createWorkspace`. Every method reads the source anew; what has not changed is neither parsed nor lowered again. */
export class Workspace {
  readonly #source: RuleSource;
  readonly #proxies: ReadonlyMap<string, Proxy>;
  readonly #strict: boolean;
  readonly #quiet: boolean;
  readonly #progress: Progress;
  readonly #watches = new Set<Watch>();
  #cache = new CompilerCache();
  /** With `auto`, the last compilation of each proxy: what decides at a listener stays, if it can. */
  #compiled = new WeakMap<ProxyOptions, Compilation>();
  #last: Input | undefined;
  readonly #revisions = new Revisions();
  /** Of a source whose texts stand alone. */
  readonly #lastGood: LastGood | undefined;
  /** What it holds to be good, as resources. */
  #goodResources: ResourceSet | undefined;
  /** What the rules asked of proxies when they were read for many the last time. */
  #distinctions: Distinctions | undefined;
  #disposed = false;

  constructor(options: WorkspaceOptions) {
    const call = "createWorkspace";
    checkNames(call, options, ["source", "proxies", "strict", "quiet", "progress"]);
    const {
      source,
      proxies = { default: {} },
      strict = false,
      quiet = false,
      progress = NO_PROGRESS,
    } = options;
    checkCommon(call, options);
    const named = Object.entries(proxies ?? {});
    if (named.length === 0) {
      throw wrong(`${call}: proxies`, "an object with at least one proxy", proxies);
    }
    this.#source = source;
    this.#lastGood =
      source.standsAlone === undefined ? undefined : new LastGood((file) => source.standsAlone!(file));
    this.#strict = strict;
    this.#quiet = quiet;
    this.#progress = progress;
    this.#proxies = new Map(
      named.map(([name, given]) => {
        const own = readProxy(`${call}: proxies.${name}`, given);
        return [name, { options: own, asked: own.target === "wasm" ? own : { ...own, target: "wasm" } }];
      }),
    );
  }

  /** How findings are counted and told. */
  get reporting(): { readonly strict: boolean; readonly quiet: boolean } {
    return { strict: this.#strict, quiet: this.#quiet };
  }

  /** The options of a proxy, with the defaults filled in. `proxy` may be left out where there is only one. */
  options(proxy?: string): ProxyOptions {
    return this.#proxy("options", proxy).options;
  }

  /**
   * All that is wrong with the rules, or valid but probably not meant, for one proxy or, without a name, for all of them; what several
   * of them have in common is said once.
   */
  async check(proxy?: string): Promise<Findings> {
    const proxies = proxy === undefined ? [...this.#proxies.values()] : [this.#proxy("check", proxy)];
    return this.#checkInput(await this.#read("check"), proxies);
  }

  /** The same of the texts that something was compiled from, whatever the source has now. */
  checkCompiled({ sources }: Pick<Compilation, "sources">, proxy?: string): Findings {
    const input = { files: sources, findings: [], held: [] };
    return this.#checkInput(input, [this.#proxy("checkCompiled", proxy)]);
  }

  /** The resources that something was compiled from, each with its place: those that are known, where the source still has them. */
  resourcesOf({ sources }: Pick<Compilation, "sources">): ResourceSet {
    this.#mustLive("resourcesOf");
    return this.#cache.meshOf(sources, this.#progress).resources;
  }

  #checkInput(input: Input, proxies: readonly Proxy[]): Findings {
    const report = this.#report(input);
    const source = this.#source;
    const explaining: DiagnosticSink =
      source.explained === undefined
        ? report
        : { report: (finding) => report.report(source.explained!(finding)) };
    const sink = proxies.length === 1 ? explaining : new Once(explaining);
    const configs = proxies.map(({ options }) => {
      const { config } = checkSources(input.files, options, sink, this.#progress, this.#cache);
      return { config, target: options.target };
    });
    report.reportUselessIgnores(input.files);
    // A hint at what is cheaper is of no use to those who still have to find out what is wrong.
    if (report.isClean) {
      for (const { config, target } of configs) {
        tellOfCheaperTarget(config, target, sink);
      }
    }
    return report;
  }

  /** What an Envoy needs for a proxy: see `writeBuild`, `Session`, and `kustomization`. */
  async compile(proxy?: string, options: CompileOptions = {}): Promise<CompileResult> {
    checkNames("compile", options, ["toRun"]);
    const { options: own } = this.#proxy("compile", proxy);
    const purpose = options.toRun ? "run" : "build";
    return this.#compileInput(await this.#readGood("compile", own, purpose), own, purpose);
  }

  /**
   * What the source has now, to be compiled for any number of proxies that are not the workspace's own: all that comes of it is
   * of the same state of the rules.
   */
  async snapshot(proxy?: string): Promise<RuleSnapshot> {
    const input = await this.#read("snapshot");
    const lastGood = this.#lastGood;
    const files = lastGood?.without(input.files) ?? input.files;
    const snapshot = this.#snapshotOf({ ...input, files, held: this.#heldIn(input.files) }, proxy);
    if (lastGood === undefined || isIncomplete(input)) {
      return snapshot;
    }
    const settle: RuleSnapshot["settle"] = async (judge) => {
      let last = snapshot;
      const settled = await lastGood.settle(input.files, {
        errorsIn: (tried) => {
          last = isSameList(tried, last.sources)
            ? last
            : this.#snapshotOf({ ...input, files: tried, held: [] }, proxy);
          return judge(last);
        },
        errorsOf: errorsInText,
      });
      const held = this.#heldIn(input.files);
      const good = isSameList(settled, last.sources)
        ? { ...last, held }
        : this.#snapshotOf({ ...input, files: settled, held }, proxy);
      this.#goodResources = good.resources;
      return good;
    };
    return { ...this.#acceptingEndpoints(snapshot), settle };
  }

  /** The same of texts that its source had once. */
  snapshotOf(files: readonly SourceFile[], proxy?: string): RuleSnapshot {
    return this.#snapshotOf({ files, findings: [], held: [] }, proxy);
  }

  /** What the source had when it was right, before it is read: of texts that stand alone and are wrong from the start, these hold. */
  remember(files: readonly SourceFile[]): void {
    this.#lastGood?.remember(files);
  }

  /** Where endpoints are is right for every proxy when it is right in itself: nobody need compile it. */
  #acceptingEndpoints(snapshot: RuleSnapshot): RuleSnapshot {
    const good = this.#goodResources;
    const change = good && snapshot.endpointsSince({ ...snapshot, resources: good });
    if (change === undefined) {
      return snapshot;
    }
    this.#lastGood?.accept(snapshot.sources);
    this.#goodResources = snapshot.resources;
    return {
      ...snapshot,
      endpointsSince: (before) => (before.resources === good ? change : snapshot.endpointsSince(before)),
    };
  }

  #snapshotOf(input: Input, proxy: string | undefined): RuleSnapshot {
    const { options: ofMesh } = this.#proxy("snapshot", proxy);
    const { resources, findings } = this.#cache.meshOf(input.files, this.#progress);
    const isRight = [...input.findings, ...findings].every(({ level }) => level !== "error");
    const distinctions = Distinctions.of(resources, this.#distinctions);
    this.#distinctions = distinctions;
    return {
      revision: this.#revisions.of(input.files),
      sources: input.files,
      findings: input.findings,
      held: input.held,
      resources,
      endpointsSince: (before) => (isRight ? endpointChange(before.resources, resources, ofMesh) : undefined),
      scopeOf: (options) => distinctions.scopeOf(options),
      compile: async (options) => {
        this.#mustLive("compile");
        return this.#compileInput(input, options, "serve");
      },
      explain: (own, asked, at) => {
        this.#mustLive("explain");
        return this.#explain(input, { ...own, target: "wasm" }, asked, at).explanation;
      },
    };
  }

  /**
   * What becomes of a request, and why. `request` is `GET http://host/path`, or what `makeRequest` makes.
   * Throws a `ListenerError` when no listener can be asked.
   */
  async explain(
    proxy: string | undefined,
    request: string | AskedRequest,
    options: ExplainOptions = {},
  ): Promise<ExplainResult> {
    checkNames("explain", options, ["at"]);
    const { options: own, asked: proxyOptions } = this.#proxy("explain", proxy);
    if (own.target === "native") {
      throw new TypeError('explain: the proxy\'s target must be "wasm", since explain runs the filter');
    }
    const asked = readRequest(request);
    const input = await this.#readGood("explain", proxyOptions, "answer");
    return this.#explain(input, proxyOptions, asked, options.at);
  }

  /**
   * What becomes of a connection in which no HTTP is read, or may not be, and why. `connection` is `tcp://host:port`,
   * `tls://server.name`, or what `parseConnection` makes. Throws a `ListenerError` when there is no listener of the name `at`.
   */
  async explainConnection(
    proxy: string | undefined,
    connection: string | AskedConnection,
    options: ExplainOptions = {},
  ): Promise<ConnectionExplainResult> {
    checkNames("explainConnection", options, ["at"]);
    const { asked: own } = this.#proxy("explainConnection", proxy);
    const asked = readConnection(connection);
    const input = await this.#readGood("explainConnection", own, "answer");
    const findings = this.#report(input);
    const { held } = input;
    const { config, environment } = this.#understand(input, own, "answer", findings);
    if (findings.hasErrors) {
      return { findings, held };
    }
    const names = {
      hosts: environment.registry.services.map(({ host }) => host),
      find: (name: string) => serviceNamed(name, { ...environment, options: own }),
    };
    return { findings, held, connection: explainConnection(asked, config, names, options.at) };
  }

  /** Asks the requests of case files (see `jsonSchema("cases")`) and holds what comes of them against what they expect. */
  async test(proxy: string | undefined, cases: RuleSource, options: TestOptions = {}): Promise<TestResult> {
    checkNames("test", options, ["envoy", "coverage", "log"]);
    checkSource("test: cases", cases);
    const { options: own, asked: proxyOptions } = this.#proxy("test", proxy);
    if (own.target === "native" && options.envoy !== true) {
      throw new TypeError('test: envoy must be true where the proxy\'s target is "native"');
    }
    const input = await this.#readGood("test", proxyOptions, options.envoy ? "run" : "answer");
    const findings = this.#report(input);
    const caseFindings = new Report(false);
    const nothing = { findings, caseFindings, cases: 0, checks: [], ms: 0, ok: false };
    // Nobody but the cases asks this Envoy: there is nobody to deny anything to.
    const reading = options.envoy
      ? this.#understand(input, { ...proxyOptions, allowUnenforced: true }, "run", findings)
      : this.#understand(input, proxyOptions, "answer", findings);
    if (findings.hasErrors) {
      return nothing;
    }
    const { config } = reading;
    const evaluators = new Evaluators(loadFilter(filterModulePath()), config, standInHeaders);
    const context: CaseContext = {
      listeners: config.listeners,
      listenerFor: (asked) => evaluators.listenerFor(asked)?.name,
      proxy: own,
    };
    const read = (await cases.read(caseFindings)).flatMap((file) => readCases(file, context, caseFindings));
    if (caseFindings.hasErrors || read.length === 0) {
      return { ...nothing, cases: read.length };
    }
    const coverage = new Coverage(config);
    const start = performance.now();
    const checks = options.envoy
      ? await runInEnvoy(
          read,
          evaluators,
          coverage,
          {
            limited: () => encode(reading, proxyOptions, this.#progress),
            unlimited: () =>
              encode({ ...reading, config: withoutRateLimits(config) }, proxyOptions, this.#progress),
          },
          own,
          options.log ?? (() => {}),
        )
      : runOffline(read, evaluators, coverage);
    const ms = performance.now() - start;
    return {
      findings,
      caseFindings,
      cases: read.length,
      checks,
      ms,
      ...(options.coverage && { coverage: coverage.report() }),
      ok: checks.every(({ ok }) => ok),
    };
  }

  /** Which requests the rules of another workspace decide differently, with one request that shows each difference. */
  async diff(other: Workspace, proxy?: string): Promise<DiffResult> {
    if (!(other instanceof Workspace)) {
      throw wrong("diff: other", "a workspace", other);
    }
    const { options } = this.#proxy("diff", proxy);
    const theirs = other.#proxy("diff", proxy);
    const mine = await this.#readGood("diff", options, "answer");
    const yours = await other.#readGood("diff", theirs.options, "answer");
    const known = new Set(mine.held.map(({ file }) => file));
    const held = [...mine.held, ...yours.held.filter(({ file }) => !known.has(file))];
    const [before, after] = [this.#report(mine), other.#report(yours)];
    const old = this.#understand(mine, options, "answer", before);
    const now = other.#understand(yours, theirs.options, "answer", after);
    return before.hasErrors || after.hasErrors
      ? { before, after, held }
      : {
          before,
          after,
          held,
          report: reportOf(diffConfigs(old.config, now.config), notCompared(old.unread, now.unread)),
        };
  }

  /** Whether the source still has what a compilation was made of. */
  async isCurrent({ sources }: Compilation): Promise<boolean> {
    const input = await this.#read("isCurrent");
    const files = this.#lastGood?.without(input.files) ?? input.files;
    return (
      files.length === sources.length &&
      files.every(({ path, text }, i) => path === sources[i]!.path && text === sources[i]!.text)
    );
  }

  /**
   * Calls `onChange` once for each burst of changes, from when the promise resolves until the watch is closed or the workspace is disposed of.
   * Whether the rules still mean the same is for the next call to tell.
   */
  async watch(onChange: () => void): Promise<Watch> {
    this.#mustLive("watch");
    if (typeof onChange !== "function") {
      throw wrong("watch: onChange", "a function", onChange);
    }
    const watch = await this.#source.watch(onChange);
    const own: Watch = {
      close: async () => {
        this.#watches.delete(own);
        await watch.close();
      },
    };
    this.#watches.add(own);
    return own;
  }

  /** Ends what is watched, and lets go of all that is kept. Every later call throws. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#cache = new CompilerCache();
    this.#last = undefined;
    await Promise.all([...this.#watches].map((watch) => watch.close()));
  }

  #explain(input: Input, proxy: ProxyOptions, asked: AskedRequest, at: string | undefined): ExplainResult {
    const findings = this.#report(input);
    const { held } = input;
    const { config, unread } = this.#understand(input, proxy, "answer", findings);
    if (findings.hasErrors) {
      return { findings, held };
    }
    const explainer = new Explainer(config, unread);
    return { findings, held, explanation: explainer.explain(asked, at) };
  }

  #compileInput(input: Input, options: ProxyOptions, purpose: Purpose): CompileResult {
    const findings = this.#report(input);
    const { held } = input;
    const reading = this.#understand(input, options, purpose, findings);
    if (findings.hasErrors) {
      return { findings, held };
    }
    const compilation = encode(
      reading,
      options,
      this.#progress,
      this.#compiled.get(options),
      this.#cache.bodies,
    );
    if (options.target === "auto") {
      this.#compiled.set(options, compilation);
    }
    return { findings, compilation, held };
  }

  /** What the source has now, without what is wrong with it for a proxy, where its texts stand alone. */
  async #readGood(call: string, options: ProxyOptions, purpose: Purpose): Promise<Input> {
    const input = await this.#read(call);
    if (this.#lastGood === undefined || isIncomplete(input)) {
      return input;
    }
    const files = await this.#lastGood.settle(input.files, {
      errorsIn: async (tried) => {
        const report = new Report(this.#strict, true);
        this.#understand({ ...input, files: tried }, options, purpose, report);
        return report.errors;
      },
      errorsOf: errorsInText,
    });
    return { ...input, files, held: this.#heldIn(input.files) };
  }

  /** Those of what the source has now. */
  #heldIn(files: readonly SourceFile[]): readonly HeldObject[] {
    const held = this.#lastGood?.held ?? [];
    if (held.length === 0) {
      return [];
    }
    const current = new Map(files.map((file) => [file.path, file]));
    return heldObjects(
      held.filter(({ path, file }) => current.get(path) === file),
      (finding) => this.#source.explained?.(finding) ?? finding,
    );
  }

  #understand({ files }: Input, options: ProxyOptions, purpose: Purpose, sink: DiagnosticSink): Reading {
    return understand(files, options, purpose, sink, this.#progress, this.#cache);
  }

  #report({ findings }: Pick<Input, "findings">): Report {
    const report = new Report(this.#strict, this.#quiet);
    for (const finding of findings) {
      report.report(finding);
    }
    return report;
  }

  /** What the source has now; when it fails, what it had the last time, and a finding that says so. */
  async #read(call: string): Promise<Input> {
    this.#mustLive(call);
    const findings: Diagnostic[] = [];
    try {
      const files = await this.#source.read(
        { report: (diagnostic) => void findings.push(diagnostic) },
        this.#progress,
      );
      this.#last = { files, findings, held: [] };
      return this.#last;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (this.#last === undefined) {
        throw new EnvironmentError(`the source of the rules failed: ${why}`, [], { cause: error });
      }
      const failed: Diagnostic = {
        code: "SL0009",
        level: "warning",
        message: `the source of the rules failed: ${why}; its last rules stay in effect`,
      };
      return { ...this.#last, findings: [...this.#last.findings, failed] };
    }
  }

  #proxy(call: string, name: string | undefined): Proxy {
    this.#mustLive(call);
    const names = [...this.#proxies.keys()];
    const wanted = name ?? (names.length === 1 ? names[0] : undefined);
    const found = wanted === undefined ? undefined : this.#proxies.get(wanted);
    if (found === undefined) {
      throw wrong(`${call}: proxy`, names.map((one) => `"${one}"`).join(" or "), name);
    }
    return found;
  }

  #mustLive(call: string): void {
    if (this.#disposed) {
      throw new TypeError(`${call}: the workspace is disposed`);
    }
  }
}

/** Something of the source could not be read: what is missing was not deleted. */
function isIncomplete({ findings }: Input): boolean {
  return findings.some(({ level }) => level === "error");
}

function isSameList(some: readonly SourceFile[], others: readonly SourceFile[]): boolean {
  return some === others || (some.length === others.length && some.every((file, i) => file === others[i]));
}

/** A digest of names and texts. */
class Revisions {
  /** Files whose digests are one digest: of tens of thousands, one has changed. */
  static readonly #CHUNK = 256;
  #files: readonly SourceFile[] = [];
  #chunks: readonly Uint8Array[] = [];

  of(files: readonly SourceFile[]): string {
    const before = this.#files;
    const chunks: Uint8Array[] = [];
    for (let start = 0; start < files.length; start += Revisions.#CHUNK) {
      const end = Math.min(start + Revisions.#CHUNK, files.length);
      const known = this.#chunks[chunks.length];
      let isSame = known !== undefined && end === Math.min(start + Revisions.#CHUNK, before.length);
      for (let i = start; isSame && i < end; i++) {
        isSame = files[i] === before[i];
      }
      chunks.push(isSame ? known! : digestOfAll(files.slice(start, end).map(digestOf)));
    }
    this.#files = files;
    this.#chunks = chunks;
    return Buffer.from(digestOfAll(chunks)).toString("hex").slice(0, 12);
  }
}

function digestOfAll(parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) {
    hash.update(part);
  }
  return hash.digest();
}

/** By file, which is the same object for as long as its text is the same: of thousands, one has changed. */
const digests = new WeakMap<SourceFile, Uint8Array>();

function digestOf(file: SourceFile): Uint8Array {
  let digest = digests.get(file);
  if (digest === undefined) {
    digest = createHash("sha256")
      .update(JSON.stringify([file.path, file.text]))
      .digest();
    digests.set(file, digest);
  }
  return digest;
}

/** Says each thing once, whoever says it again. */
class Once implements DiagnosticSink {
  readonly #sink: DiagnosticSink;
  readonly #said = new Set<string>();

  constructor(sink: DiagnosticSink) {
    this.#sink = sink;
  }

  report(diagnostic: Diagnostic): void {
    const { code, message, span } = diagnostic;
    const key = JSON.stringify([code, message, span?.file.path, span?.start, span?.end]);
    if (!this.#said.has(key)) {
      this.#said.add(key);
      this.#sink.report(diagnostic);
    }
  }
}

function readRequest(request: string | AskedRequest): AskedRequest {
  if (typeof request !== "string") {
    if (typeof request?.authority !== "string" || !Array.isArray(request.headers)) {
      throw wrong("explain: request", '"GET http://host/path", or a result of makeRequest', request);
    }
    const { from } = request;
    if (from !== undefined && !isClientAddress(from)) {
      throw wrong("explain: request: from", "an IPv4 or IPv6 address without a port", from);
    }
    return request;
  }
  try {
    return makeRequest(parseRequestLine(request), []);
  } catch (error) {
    throw error instanceof RequestError ? new TypeError(`explain: request: ${error.message}`) : error;
  }
}

function readConnection(connection: string | AskedConnection): AskedConnection {
  if (typeof connection !== "string") {
    if (typeof connection?.host !== "string" || !Number.isInteger(connection.port)) {
      throw wrong(
        "explainConnection: connection",
        '"tcp://host:port", "tls://server.name", or a result of parseConnection',
        connection,
      );
    }
    for (const field of ["to", "from"] as const) {
      const address = connection[field];
      if (address !== undefined && !isClientAddress(address)) {
        throw wrong(
          `explainConnection: connection: ${field}`,
          "an IPv4 or IPv6 address without a port",
          address,
        );
      }
    }
    return connection;
  }
  try {
    return parseConnection(connection);
  } catch (error) {
    throw error instanceof RequestError
      ? new TypeError(`explainConnection: connection: ${error.message}`)
      : error;
  }
}
