/**
 * Rules that are compiled in threads of their own. Compiling a scope takes tens of milliseconds to seconds, in which the thread that
 * serves the streams would acknowledge nobody; what comes back is put together here, and shares with other scopes what they
 * have in common (`parcels.ts`).
 *
 * There are few workers, since each parses the rules for itself, and what it shares between scopes it shares with its own alone: fifty
 * scopes of 1,000 services cost one worker less than two of them. A scope stays with its worker, which keeps what it has made.
 *
 * A worker that dies, by want of memory or by a mistake, is said and replaced, and what it was asked is asked once more of the
 * next; when that dies of it, too, the question fails, as it would in this thread.
 */

import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Worker } from "node:worker_threads";
import type { Compilation } from "../../compile.ts";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { Report } from "../../diagnostics/render/report.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import type { ProxyOptions } from "../../options.ts";
import { packageRoot } from "../../platform/package-root.ts";
import type { FleetRules, RuleSnapshot, SnapshotResult } from "../model/rules.ts";
import { ParcelReceiver } from "./parcels.ts";
import type { FromWorker, ToWorker, WorkerSettings } from "./worker-messages.ts";

export interface ScopeCompilerOptions extends WorkerSettings {
  /** Compiled in this thread as well, for what is asked of them besides. */
  readonly rules: FleetRules;
  /** Told in a line of a worker that died. */
  readonly onProblem: (line: string) => void;
  /** Default: one fewer than there are cores, at least 1 and at most 2. */
  readonly workers?: number;
  /** The program of a worker; see `workerProgram`. */
  readonly program: string;
}

/** More would parse everything once more, and share less. */
const MOST_WORKERS = 2;
/** How often a question is asked that a worker did not survive. */
const TRIES = 2;

/** The program of a worker; undefined where it is not built, as in a folder that only the command line was copied to. */
export function workerProgram(): string | undefined {
  const program = path.join(packageRoot().directory, "dist", "scope-worker.js");
  return existsSync(program) ? program : undefined;
}

export class ScopeCompiler implements Pick<FleetRules, "read" | "readAgain"> {
  readonly #options: ScopeCompilerOptions;
  readonly #workers: CompilingWorker[];
  /** By the options of the scope. */
  readonly #assigned = new WeakMap<ProxyOptions, CompilingWorker>();
  #next = 0;

  constructor(options: ScopeCompilerOptions) {
    const { program, workers = Math.min(MOST_WORKERS, Math.max(1, os.availableParallelism() - 1)) } = options;
    this.#options = options;
    this.#workers = Array.from({ length: workers }, () => new CompilingWorker(program, options));
  }

  async read(): Promise<RuleSnapshot> {
    return this.#inThreads(await this.#options.rules.read());
  }

  readAgain(sources: readonly SourceFile[]): RuleSnapshot {
    return this.#inThreads(this.#options.rules.readAgain(sources));
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  /** `made`: what was compiled of it to find out whether it is right. */
  #inThreads(snapshot: RuleSnapshot, made: Made = new Map()): RuleSnapshot {
    const compile = (options: ProxyOptions) => {
      const known = made.get(options) ?? this.#workerFor(options).compile(snapshot, options);
      made.delete(options);
      return known;
    };
    const { settle } = snapshot;
    return settle === undefined
      ? { ...snapshot, compile }
      : { ...snapshot, compile, settle: (judge) => this.#settled(settle, judge) };
  }

  async #settled(
    settle: NonNullable<RuleSnapshot["settle"]>,
    judge: (tried: RuleSnapshot) => Promise<readonly Diagnostic[]>,
  ): Promise<RuleSnapshot> {
    const made = new Map<string, Made>();
    const settled = await settle((tried) => {
      const ofTried: Made = new Map();
      // The one that is right is the last one, or the one before.
      made.set(tried.revision, ofTried);
      const compile = (options: ProxyOptions) => {
        const result = this.#workerFor(options).compile(tried, options);
        ofTried.set(options, result);
        return result;
      };
      return judge({ ...tried, compile });
    });
    return this.#inThreads(settled, made.get(settled.revision));
  }

  #workerFor(options: ProxyOptions): CompilingWorker {
    const known = this.#assigned.get(options) ?? this.#workers[this.#next++ % this.#workers.length]!;
    this.#assigned.set(options, known);
    return known;
  }
}

/** By the options of scopes. */
type Made = Map<ProxyOptions, Promise<SnapshotResult>>;

interface Question {
  readonly sources: readonly SourceFile[];
  /** Of the source itself, which a worker knows nothing of. */
  readonly findings: readonly Diagnostic[];
  readonly options: ProxyOptions;
  readonly resolve: (result: SnapshotResult) => void;
  readonly reject: (error: Error) => void;
  tries: number;
}

/** One thread, and the one that takes its place. */
class CompilingWorker {
  readonly #program: string;
  readonly #options: ScopeCompilerOptions;
  readonly #waiting = new Map<number, Question>();
  #worker: Worker | undefined;
  #receiver = new ParcelReceiver();
  /** What the worker has of the sources. */
  #sent: readonly SourceFile[] = [];
  #next = 1;
  #isClosed = false;

  constructor(program: string, options: ScopeCompilerOptions) {
    this.#program = program;
    this.#options = options;
    // It is ready by the time that the rules are read.
    this.#start();
  }

  compile(
    { sources, findings }: Pick<RuleSnapshot, "sources" | "findings">,
    options: ProxyOptions,
  ): Promise<SnapshotResult> {
    return new Promise((resolve, reject) =>
      this.#ask({ sources, findings, options, resolve, reject, tries: 0 }),
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker?.terminate();
    this.#fail(new Error("the compiler of scopes is closed"));
  }

  #ask(question: Question): void {
    if (this.#isClosed) {
      question.reject(new Error("the compiler of scopes is closed"));
      return;
    }
    const worker = this.#worker ?? this.#start();
    const id = this.#next++;
    question.tries += 1;
    this.#waiting.set(id, question);
    this.#send(worker, question.sources);
    worker.postMessage({ kind: "compile", id, options: question.options } satisfies ToWorker);
    worker.ref();
  }

  /** Only the texts that it does not have. */
  #send(worker: Worker, sources: readonly SourceFile[]): void {
    if (sources === this.#sent) {
      return;
    }
    const numbers = new Map(this.#sent.map((file, i) => [file, i]));
    const files = sources.map((file) => numbers.get(file) ?? file);
    worker.postMessage({ kind: "sources", files } satisfies ToWorker);
    this.#sent = sources;
  }

  #start(): Worker {
    const { strict, quiet } = this.#options;
    const worker = new Worker(this.#program, { workerData: { strict, quiet } satisfies WorkerSettings });
    this.#worker = worker;
    this.#receiver = new ParcelReceiver();
    this.#sent = [];
    let problem: Error | undefined;
    worker.on("message", (message: FromWorker) => this.#answer(message));
    worker.on("error", (error) => {
      problem = error as Error;
    });
    // Who has nothing to do keeps no process alive.
    worker.unref();
    worker.on("exit", (code) => this.#replace(worker, problem ?? new Error(`it ended with code ${code}`)));
    return worker;
  }

  #answer({ id, scope, failure, gone }: FromWorker): void {
    const question = this.#waiting.get(id);
    if (question === undefined) {
      return;
    }
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) {
      this.#worker?.unref();
    }
    const { sources } = question;
    const { findings, compilation } = this.#receiver.unpack(scope ?? { findings: [] }, sources) as {
      readonly findings: readonly Diagnostic[];
      readonly compilation?: Omit<Compilation, "sources">;
    };
    this.#receiver.forget(gone);
    if (failure !== undefined) {
      question.reject(new Error(failure));
      return;
    }
    const report = new Report(this.#options.strict, this.#options.quiet);
    for (const finding of [...question.findings, ...findings]) {
      report.report(finding);
    }
    // What is compiled of a source that lacks something is right in itself, and still wrong.
    const isRight = compilation !== undefined && !report.hasErrors;
    question.resolve({
      findings: report,
      ...(isRight && { compilation: { sources, ...compilation } }),
    });
  }

  #replace(worker: Worker, problem: Error): void {
    if (this.#worker !== worker || this.#isClosed) {
      return;
    }
    this.#worker = undefined;
    this.#options.onProblem(`a thread that compiles died: ${problem.message}; another takes its place`);
    const questions = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const question of questions) {
      if (question.tries < TRIES) {
        this.#ask(question);
      } else {
        question.reject(problem);
      }
    }
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) {
      reject(error);
    }
    this.#waiting.clear();
  }
}
