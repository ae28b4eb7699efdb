/** `--kubernetes` and what belongs to it: where the rules of a command come from, a cluster or files or both. */

import type { Command } from "commander";
import { CLUSTER_OPTIONS, type FileOptions } from "../file-options.ts";
import {
  files,
  KubernetesClient,
  type KubernetesSource,
  type KubernetesSourceOptions,
  kubernetes,
  overlay,
  type RuleSource,
} from "../index.ts";
import { flagOf, type GivenOf, type ValuesOf } from "../options/option.ts";
import { UsageError } from "./exit.ts";
import {
  type CommandDefaults,
  type CommonOptions,
  flagFor,
  NO_INPUT,
  type ProxyFlags,
  readOptions,
} from "./proxy-options.ts";
import { ruleFiles, underMeshConfig } from "./rule-files.ts";
import type { Terminal } from "./terminal.ts";

/** What commander collects. */
export type ClusterFlags = GivenOf<typeof CLUSTER_OPTIONS>;

/** Options of a command whose rules may be those of a cluster. */
export interface RulesOptions extends CommonOptions {
  /** Absent: the rules are in files alone. */
  readonly cluster?: ClusterChoice;
}

/** Which cluster, and what of it. */
export type ClusterChoice = Omit<ValuesOf<typeof CLUSTER_OPTIONS>, "kubernetes">;

/** A cluster that is watched, until it is closed. */
export interface OpenCluster {
  readonly client: KubernetesClient;
  readonly source: KubernetesSource;
  close(): Promise<void>;
}

/** A source, and what has to be let go when it is not read any more. */
export interface OpenRules {
  readonly source: RuleSource;
  close(): Promise<void>;
}

export function addClusterOptions(command: Command): Command {
  for (const [key, entry] of Object.entries(CLUSTER_OPTIONS)) {
    command.addOption(flagFor(key, entry, entry.default).helpGroup("The cluster:"));
  }
  return command;
}

/** As `readCommonOptions`; with a cluster, no path needs to be named. */
export async function readRulesOptions(
  paths: readonly string[],
  flags: ProxyFlags & ClusterFlags,
  defaults: CommandDefaults = {},
): Promise<RulesOptions> {
  const { given, ...options } = readOptions(paths, flags, defaults);
  const cluster = readCluster(given, flags);
  if (cluster === undefined && options.paths.length === 0) {
    throw new UsageError(`${NO_INPUT}; or --kubernetes for a cluster`);
  }
  return { ...options, ...(cluster !== undefined && { cluster }) };
}

/** What stands in the file holds once the cluster is asked for; a flag that has no effect is a mistake. */
function readCluster(given: FileOptions, flags: ClusterFlags): ClusterChoice | undefined {
  const { kubernetes: isWanted, ...others } = CLUSTER_OPTIONS;
  if (given.kubernetes !== true) {
    const idle = Object.keys(others).find((key) => flags[key as keyof ClusterFlags] !== undefined);
    if (idle !== undefined) {
      throw new UsageError(`${flagOf(idle)} needs --kubernetes`);
    }
    return undefined;
  }
  const read = <T>(
    key: keyof typeof others,
    value: T | undefined,
    of: (value: T, fail: (message: string) => never) => unknown,
  ) =>
    value === undefined
      ? others[key].default
      : of(value, (message) => {
          throw new UsageError(`${flagOf(key)}: ${message}`);
        });
  return {
    kubeconfig: read("kubeconfig", given.kubeconfig, others.kubeconfig.kind.read),
    context: read("context", given.context, others.context.kind.read),
    namespaces: read("namespaces", given.namespaces, others.namespaces.kind.read),
    selector: read("selector", given.selector, others.selector.kind.read),
  } as ClusterChoice;
}

/** Throws an `EnvironmentError` that says what to mend where there is no way to the cluster. */
export function openCluster(
  { kubeconfig, context, namespaces, selector }: ClusterChoice,
  proxyNamespace: string,
  onProblem: NonNullable<KubernetesSourceOptions["onProblem"]>,
): OpenCluster {
  const client = KubernetesClient.open({
    ...(kubeconfig !== "" && { kubeconfig }),
    ...(context !== "" && { context }),
  });
  const source = kubernetes({
    client,
    ...(namespaces.length > 0 && { namespaces }),
    ...(selector !== "" && { selector }),
    proxyNamespaces: [proxyNamespace],
    onProblem,
  });
  return {
    client,
    source,
    async close() {
      await source.close();
      await client.close();
    },
  };
}

/** For a command that asks once: what it cannot read is its failure or its finding, so all that is left to say is what is not there. */
export function noteMissing(terminal: Terminal): NonNullable<KubernetesSourceOptions["onProblem"]> {
  return (line, what) => {
    if (what === "missing") {
      terminal.err(`sluice: ${line}\n`);
    }
  };
}

/** The files that are named, the cluster, or the cluster with the files laid over it. */
export function openRules(
  options: RulesOptions,
  onProblem: NonNullable<KubernetesSourceOptions["onProblem"]>,
): OpenRules {
  if (options.cluster === undefined) {
    return { source: ruleFiles(options.paths, options), async close() {} };
  }
  const cluster = openCluster(options.cluster, options.proxy.proxyNamespace, onProblem);
  const { client, source, close } = cluster;
  const laid =
    options.paths.length === 0
      ? source
      : overlay(source, files(options.paths, options), client.defaultNamespace);
  return { source: underMeshConfig(laid, options), close };
}
