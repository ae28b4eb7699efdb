/** Builds of configurations that no rules were compiled to. */

import { encodeProgram } from "../../compiler/back/program/encode.ts";
import type { Compilation } from "../../compiler/compile.ts";
import type { Config } from "../../compiler/ir/ir.ts";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../compiler/options.ts";
import { type FolderBuild, folderBuild } from "../../compiler/run/delivery/folder/build.ts";

export function buildOf(
  config: Config,
  options: Partial<ProxyOptions>,
  directory: string,
): Promise<FolderBuild> {
  const proxy = proxyOf(options);
  return folderBuild({ ...compiled(config, proxy), sources: [], clusterParts: [] }, proxy, directory);
}

/** What a compilation would come to; `spoil` may damage a program of the filter. */
export function compiled(
  config: Config,
  { target, ruleCounters = DEFAULT_PROXY_OPTIONS.ruleCounters }: Partial<ProxyOptions>,
  spoil: (blob: Uint8Array) => void = () => {},
): Pick<Compilation, "config" | "blobs"> {
  const blobs = new Map<string, Uint8Array>();
  for (const { name, routes } of target === "wasm" ? config.listeners : []) {
    const rules = { listener: name, counters: ruleCounters !== "off", names: false };
    const blob = encodeProgram(routes, undefined, undefined, rules);
    spoil(blob);
    blobs.set(name, blob);
  }
  return { config, blobs };
}

export function proxyOf(options: Partial<ProxyOptions>): ProxyOptions {
  return { ...DEFAULT_PROXY_OPTIONS, ...options };
}
