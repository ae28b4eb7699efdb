/** The workspace's methods for who asks once: a workspace of one proxy that lives as long as the call. */

import type { AskedRequest } from "./answers/request/asked.ts";
import type { AskedConnection } from "./answers/request/asked-connection.ts";
import { describeProgram, type ProgramDescription, ProgramError } from "./back/program/describe.ts";
import type { Findings } from "./diagnostics/render/report.ts";
import type { ProxyOptions } from "./options.ts";
import type { Progress } from "./progress.ts";
import type { RuleSource } from "./source/rule-source.ts";
import {
  type CompileResult,
  type ConnectionExplainResult,
  type DiffResult,
  type ExplainResult,
  type TestResult,
  Workspace,
} from "./workspace.ts";
import { checkCommon, checkNames, checkSource, readProxy, wrong } from "./wrong-call.ts";

/** What the one-shot functions have in common. */
export interface RulesOptions {
  /** Where the rules come from: `files(["rules/"])`, say. */
  readonly source: RuleSource;
  /** What differs from the defaults. */
  readonly proxy?: Partial<ProxyOptions>;
  /** Count warnings as errors. Default: false. */
  readonly strict?: boolean;
  /** Leave out notes, which are findings of the level `info`. Default: false. */
  readonly quiet?: boolean;
  /** Told how far a compilation is. */
  readonly progress?: Progress;
}

const COMMON = ["source", "proxy", "strict", "quiet", "progress"];

/** All that is wrong with rules, or valid but probably not meant. */
export async function check(options: RulesOptions): Promise<Findings> {
  return inWorkspace("check", options, [], (workspace) => workspace.check());
}

/** What an Envoy needs. */
export async function compile(options: RulesOptions): Promise<CompileResult> {
  return inWorkspace("compile", options, [], (workspace) => workspace.compile());
}

/** What becomes of a request, and why. Throws a `ListenerError` when no listener can be asked. */
export async function explain(
  options: RulesOptions & {
    /** `GET http://host/path`, or what `makeRequest` makes. */
    readonly request: string | AskedRequest;
    /** The listener that is asked. Default: one that knows the host. */
    readonly at?: string;
  },
): Promise<ExplainResult> {
  return inWorkspace("explain", options, ["request", "at"], (workspace) =>
    workspace.explain(undefined, options.request, options.at === undefined ? {} : { at: options.at }),
  );
}

/**
 * What becomes of a connection in which no HTTP is read, or may not be, and why. Throws a `ListenerError` when there is no listener
 * of the name `at`.
 */
export async function explainConnection(
  options: RulesOptions & {
    /** `tcp://host:port`, `tls://server.name`, or what `parseConnection` makes. */
    readonly connection: string | AskedConnection;
    /** The listener that it comes to. Default: one that takes connections to the port. */
    readonly at?: string;
  },
): Promise<ConnectionExplainResult> {
  return inWorkspace("explainConnection", options, ["connection", "at"], (workspace) =>
    workspace.explainConnection(
      undefined,
      options.connection,
      options.at === undefined ? {} : { at: options.at },
    ),
  );
}

/** Asks the requests of case files and holds what comes of them against what they expect. */
export async function test(
  options: RulesOptions & {
    readonly cases: RuleSource;
    /** Ask a real Envoy. Default: offline. */
    readonly envoy?: boolean;
    /** Also tell what no check reached. Default: false. */
    readonly coverage?: boolean;
    /** Told how an Envoy is found. */
    readonly log?: (line: string) => void;
  },
): Promise<TestResult> {
  return inWorkspace("test", options, ["cases", "envoy", "coverage", "log"], (workspace) => {
    const { cases, envoy, coverage, log } = options;
    return workspace.test(undefined, cases, {
      ...(envoy !== undefined && { envoy }),
      ...(coverage !== undefined && { coverage }),
      ...(log !== undefined && { log }),
    });
  });
}

/** Which requests two sets of rules decide differently. */
export async function diff(
  options: Omit<RulesOptions, "source"> & {
    readonly before: RuleSource;
    readonly after: RuleSource;
  },
): Promise<DiffResult> {
  checkNames("diff", options, ["before", "after", ...COMMON.slice(1)]);
  const { before, after, ...common } = options;
  checkSource("diff: before", before);
  checkSource("diff: after", after);
  const other = workspaceOf("diff", { ...common, source: after });
  try {
    return await inWorkspace("diff", { ...common, source: before }, [], (workspace) => workspace.diff(other));
  } finally {
    await other.dispose();
  }
}

/** What is in a routing blob. Throws a `ProgramError` that says why when it is none. */
export function inspect(blob: Uint8Array): ProgramDescription {
  if (!(blob instanceof Uint8Array)) {
    throw wrong("inspect: blob", "a Uint8Array", blob);
  }
  try {
    return describeProgram(blob);
  } catch (error) {
    throw error instanceof RangeError ? new ProgramError("an offset in it leads outside") : error;
  }
}

async function inWorkspace<T>(
  call: string,
  options: RulesOptions,
  more: readonly string[],
  work: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  checkNames(call, options, [...COMMON, ...more]);
  const workspace = workspaceOf(call, options);
  try {
    return await work(workspace);
  } finally {
    await workspace.dispose();
  }
}

function workspaceOf(call: string, options: RulesOptions): Workspace {
  checkCommon(call, options);
  const { source, proxy = {}, strict, quiet, progress } = options;
  return new Workspace({
    source,
    proxies: { default: readProxy(`${call}: proxy`, proxy) },
    ...(strict !== undefined && { strict }),
    ...(quiet !== undefined && { quiet }),
    ...(progress !== undefined && { progress }),
  });
}
