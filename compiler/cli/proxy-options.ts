/** The flags that describe a proxy, shared by `build`, `run` and `check`, and what they become. */

import { isIP } from "node:net";
import path from "node:path";
import { type Command, Option } from "commander";
import {
  DEFAULT_PROXY_OPTIONS,
  type OutboundPolicy,
  type PathNormalization,
  type ProxyOptions,
  type Target,
} from "../options.ts";
import { type FileOptions, readConfigFile } from "./config-file.ts";
import { UsageError } from "./exit.ts";

/** What commander collects; everything is text or a flag until `readProxyOptions`. */
export interface ProxyFlags {
  readonly config?: string;
  readonly target?: string;
  readonly strict?: boolean;
  readonly listenAddress?: string;
  readonly portMap?: readonly string[];
  readonly meshPort?: string;
  readonly meshListeners?: boolean;
  readonly adminPort?: string;
  readonly proxyLabels?: string;
  readonly proxyNamespace?: string;
  readonly proxyLocality?: string;
  readonly domainSuffix?: string;
  readonly concurrency?: string;
  readonly pathNormalization?: string;
  readonly outboundPolicy?: string;
  readonly secretsDirectory?: string;
}

export interface CommonOptions {
  readonly paths: readonly string[];
  readonly out: string | undefined;
  readonly strict: boolean;
  readonly proxy: ProxyOptions;
}

const TARGETS: readonly Target[] = ["wasm", "native"];
const NORMALIZATIONS: readonly PathNormalization[] = [
  "NONE",
  "BASE",
  "MERGE_SLASHES",
  "DECODE_AND_MERGE_SLASHES",
];
const OUTBOUND_POLICIES: readonly OutboundPolicy[] = ["REGISTRY_ONLY", "ALLOW_ANY"];
const MAX_CONCURRENCY = 1024;

const collect = (value: string, previous: readonly string[] | undefined) => [...(previous ?? []), value];

export function addProxyOptions(command: Command, defaults: { listenAddress: string }): Command {
  return command
    .option("--config <file>", "read options from a sluice.yaml; flags win over it")
    .addOption(
      new Option(
        "--target <target>",
        "what Envoy decides with: our filter, or its own routes (default: wasm)",
      ).choices(TARGETS),
    )
    .option("--strict", "count warnings as errors")
    .option("--listen-address <addr>", `address that listeners bind (default: ${defaults.listenAddress})`)
    .option("--port-map <from=to>", "bind another port than the rules say, 80=8080 say; repeatable", collect)
    .option("--mesh-port <n>", "port of the outbound listener, 0 for none (default: 15001)")
    .option("--mesh-listeners", "also an outbound listener for each port of a service, as a sidecar has them")
    .option("--admin-port <n>", "port of Envoy's admin interface on 127.0.0.1 (default: 9901)")
    .option(
      "--proxy-labels <k=v,…>",
      "labels of this proxy, for a Gateway's selector (default: istio=ingressgateway,app=istio-ingressgateway)",
    )
    .option("--proxy-namespace <ns>", "namespace of this proxy (default: default)")
    .option("--proxy-locality <region/zone/subzone>", "where this proxy runs (default: what its labels say)")
    .option("--domain-suffix <suffix>", "suffix of Kubernetes service names (default: cluster.local)")
    .option("--concurrency <n>", "Envoy's worker threads, 0 for one each core (default: 0)")
    .addOption(
      new Option(
        "--path-normalization <mode>",
        "Istio's meshConfig.pathNormalization (default: BASE)",
      ).choices(NORMALIZATIONS),
    )
    .addOption(
      new Option(
        "--outbound-policy <policy>",
        "whether the mesh listeners pass requests for unknown hosts on (default: ALLOW_ANY)",
      ).choices(OUTBOUND_POLICIES),
    )
    .option("--secrets-directory <dir>", "a folder for each credentialName, as Kubernetes mounts a Secret");
}

/** Flags over the configuration file over the defaults. */
export async function readCommonOptions(
  paths: readonly string[],
  flags: ProxyFlags & { readonly out?: string },
  defaults: { listenAddress: string },
): Promise<CommonOptions> {
  const file: FileOptions = flags.config === undefined ? {} : readConfigFile(flags.config);
  const given: FileOptions = { ...file, ...definedOnly(flags) };
  const inputs = paths.length > 0 ? paths : (file.paths ?? []);
  if (inputs.length === 0) {
    throw new UsageError("no input: name files or directories of YAML, or - for standard input");
  }
  return {
    paths: inputs,
    out: given.out,
    strict: given.strict ?? false,
    proxy: readProxyOptions(given, defaults),
  };
}

export function readProxyOptions(given: FileOptions, defaults: { listenAddress: string }): ProxyOptions {
  const base = DEFAULT_PROXY_OPTIONS;
  return {
    target: oneOf("--target", given.target, TARGETS) ?? base.target,
    listenAddress: readAddress(given.listenAddress) ?? defaults.listenAddress,
    portMap: readPortMap(given.portMap ?? []),
    meshPort: readNumber("--mesh-port", given.meshPort, 65535) ?? base.meshPort,
    meshListeners: given.meshListeners ?? base.meshListeners,
    adminPort: readNumber("--admin-port", given.adminPort, 65535) ?? base.adminPort,
    proxyLabels: given.proxyLabels === undefined ? base.proxyLabels : readLabels(given.proxyLabels),
    proxyNamespace: readName("--proxy-namespace", given.proxyNamespace) ?? base.proxyNamespace,
    proxyLocality: readLocality(given.proxyLocality) ?? base.proxyLocality,
    domainSuffix: readName("--domain-suffix", given.domainSuffix) ?? base.domainSuffix,
    concurrency: readNumber("--concurrency", given.concurrency, MAX_CONCURRENCY) ?? base.concurrency,
    pathNormalization:
      oneOf("--path-normalization", given.pathNormalization, NORMALIZATIONS) ?? base.pathNormalization,
    outboundPolicy:
      oneOf("--outbound-policy", given.outboundPolicy, OUTBOUND_POLICIES) ?? base.outboundPolicy,
    secretsDirectory:
      given.secretsDirectory === undefined ? base.secretsDirectory : path.resolve(given.secretsDirectory),
  };
}

function oneOf<T extends string>(
  flag: string,
  value: string | undefined,
  choices: readonly T[],
): T | undefined {
  if (value !== undefined && !choices.includes(value as T)) {
    throw new UsageError(`${flag}: expected ${choices.join(" or ")}, got "${value}"`);
  }
  return value as T | undefined;
}

function readNumber(flag: string, value: string | undefined, most: number): number | undefined {
  if (value === undefined) {
    return undefined;
  }
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number <= most)) {
    throw new UsageError(`${flag}: expected a number from 0 to ${most}, got "${value}"`);
  }
  return number;
}

function readAddress(value: string | undefined): string | undefined {
  if (value !== undefined && isIP(value) === 0) {
    throw new UsageError(`--listen-address: expected an IP address, got "${value}"`);
  }
  return value;
}

/** DNS-1123 labels, with dots between them. */
function readName(flag: string, value: string | undefined): string | undefined {
  if (
    value !== undefined &&
    !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(value)
  ) {
    throw new UsageError(`${flag}: expected a name like "my-team", got "${value}"`);
  }
  return value;
}

function readLocality(value: string | undefined): string | undefined {
  if (value !== undefined && !/^[^/\s]+(\/[^/\s]+){0,2}$/.test(value)) {
    throw new UsageError(
      `--proxy-locality: expected REGION/ZONE/SUBZONE, the last two optional, got "${value}"`,
    );
  }
  return value;
}

function readPortMap(entries: readonly string[]): Map<number, number> {
  const ports = new Map<number, number>();
  for (const entry of entries.flatMap((value) => value.split(","))) {
    const match = /^(\d{1,5})=(\d{1,5})$/.exec(entry.trim());
    const from = Number(match?.[1]);
    const to = Number(match?.[2]);
    if (match === null || from < 1 || from > 65535 || to < 1 || to > 65535) {
      throw new UsageError(`--port-map: expected FROM=TO with two ports, 80=8080 say, got "${entry}"`);
    }
    if (ports.has(from) && ports.get(from) !== to) {
      throw new UsageError(`--port-map: port ${from} is mapped to ${ports.get(from)} and to ${to}`);
    }
    ports.set(from, to);
  }
  return ports;
}

function readLabels(value: string): Record<string, string> {
  const labels = new Map<string, string>();
  for (const entry of value.split(",")) {
    const separator = entry.indexOf("=");
    if (entry.trim() === "") {
      continue;
    }
    if (separator < 1) {
      throw new UsageError(`--proxy-labels: expected NAME=VALUE with commas between, got "${entry}"`);
    }
    labels.set(entry.slice(0, separator).trim(), entry.slice(separator + 1).trim());
  }
  return Object.fromEntries(labels);
}

function definedOnly<T extends object>(flags: T): Partial<T> {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)) as Partial<T>;
}
