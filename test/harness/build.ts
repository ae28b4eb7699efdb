/** Builds of configurations that no rules were compiled to. */

import { encodeProgram } from "../../compiler/back/program/encode.ts";
import type { Config } from "../../compiler/ir/ir.ts";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../compiler/options.ts";
import { type FolderBuild, folderBuild } from "../../compiler/run/delivery/folder/build.ts";

/** `spoil` may damage a program of the filter. */
export function buildOf(
  config: Config,
  options: Partial<ProxyOptions>,
  directory: string,
  spoil: (blob: Uint8Array) => void = () => {},
): Promise<FolderBuild> {
  const proxy = { ...DEFAULT_PROXY_OPTIONS, ...options };
  const blobs = new Map<string, Uint8Array>();
  for (const { name, routes } of proxy.target === "wasm" ? config.listeners : []) {
    const blob = encodeProgram(routes);
    spoil(blob);
    blobs.set(name, blob);
  }
  return folderBuild({ config, blobs, sources: [] }, proxy, directory);
}
