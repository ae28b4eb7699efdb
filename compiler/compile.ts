/**
 * The whole compiler in one call: read → validate → lower → encode. What is
 * wrong with the input goes to the sink; nothing here prints, and nothing is written.
 */

import { encodeProgram } from "./back/program/encode.ts";
import type { Diagnostic, DiagnosticSink } from "./diagnostics/diagnostic.ts";
import type { SourceFile } from "./diagnostics/span.ts";
import type { Environment } from "./front/istio/context/environment.ts";
import { LoweringCache } from "./front/istio/context/lowering-cache.ts";
import { lowerToIr } from "./front/istio/lower.ts";
import { validate } from "./front/istio/validate/index.ts";
import { loadResources, type ResourceSet } from "./front/resources/model.ts";
import type { Config } from "./ir/ir.ts";
import type { ProxyOptions } from "./options.ts";
import { NO_PROGRESS, type Progress } from "./progress.ts";
import { readInputs } from "./source/read.ts";

export interface Compilation {
  readonly sources: readonly SourceFile[];
  readonly config: Config;
  /** The routing blob of each listener, by the listener's name. Empty for the native target. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

/** What is known of the input before it is encoded, be it right or wrong. */
export interface Reading {
  readonly sources: readonly SourceFile[];
  readonly resources: ResourceSet;
  /** What the rules were lowered against. */
  readonly environment: Environment;
  readonly config: Config;
  /** How many errors the sink was told. */
  readonly errors: number;
}

/** Reads, validates and lowers what stands at the paths. */
export async function readRules(
  paths: readonly string[],
  options: ProxyOptions,
  sink: DiagnosticSink,
  progress: Progress = NO_PROGRESS,
  cache: LoweringCache = new LoweringCache(),
): Promise<Reading> {
  const unread: Diagnostic[] = [];
  const sources = await readInputs(paths, { report: (diagnostic) => unread.push(diagnostic) }, progress);
  for (const diagnostic of unread) {
    sink.report(diagnostic);
  }
  const reading = understand(sources, options, sink, progress, cache);
  return { ...reading, errors: reading.errors + unread.filter(({ level }) => level === "error").length };
}

/** The same for texts that were read. */
export function understand(
  sources: readonly SourceFile[],
  options: ProxyOptions,
  sink: DiagnosticSink,
  progress: Progress = NO_PROGRESS,
  cache: LoweringCache = new LoweringCache(),
): Reading {
  let errors = 0;
  const counting: DiagnosticSink = {
    report(diagnostic: Diagnostic) {
      errors += diagnostic.level === "error" ? 1 : 0;
      sink.report(diagnostic);
    },
  };
  const resources = loadResources(sources, counting, progress);
  validate(resources, counting, progress);
  // Lowered in spite of errors, so that everything that is wrong is said at once.
  const config = lowerToIr(resources, options, counting, { progress, cache });
  return { sources, resources, environment: cache.environmentOf(resources, options), config, errors };
}

/** Compiles what stands at the paths; `undefined` when there were errors, which the sink then has. */
export async function compile(
  paths: readonly string[],
  options: ProxyOptions,
  sink: DiagnosticSink,
  progress: Progress = NO_PROGRESS,
  cache: LoweringCache = new LoweringCache(),
): Promise<Compilation | undefined> {
  const { sources, config, errors } = await readRules(paths, options, sink, progress, cache);
  if (errors > 0) {
    return undefined;
  }
  const blobs = new Map<string, Uint8Array>();
  if (options.target === "wasm") {
    const total = config.listeners.reduce((sum, { routes }) => sum + routes.virtualHosts.length, 0);
    let done = 0;
    for (const listener of config.listeners) {
      const onHost = () => progress.at("encoding", ++done, total);
      blobs.set(listener.name, encodeProgram(listener.routes, onHost));
    }
  }
  return { sources, config, blobs };
}
