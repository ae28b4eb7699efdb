/** What stands in a build directory: what Envoy reads, the filter's module, the blobs, and what they were made of. */

import { readFile } from "node:fs/promises";
import path from "node:path";
import { emitEnvoy } from "../../back/xds/index.ts";
import type { Compilation } from "../../compile.ts";
import { socketsOf } from "../../ir/sockets.ts";
import type { ProxyOptions } from "../../options.ts";
import { filterModulePath, packageRoot } from "../../platform/package-root.ts";
import { NEWEST_ENVOY, OLDEST_ENVOY } from "../../platform/version.ts";
import { type Manifest, makeManifest } from "./manifest.ts";
import type { OutputFiles } from "./write.ts";

/** A build's files, and what one of them says about the others. */
export interface Build {
  readonly files: OutputFiles;
  readonly manifest: Manifest;
}

/** The files of a build that Envoy will read from `directory`, an absolute path. */
export async function emitBuild(
  compilation: Compilation,
  options: ProxyOptions,
  directory: string,
): Promise<OutputFiles> {
  return (await buildOf(compilation, options, directory)).files;
}

/** The same, with the manifest as data. */
export async function buildOf(
  compilation: Compilation,
  options: ProxyOptions,
  directory: string,
): Promise<Build> {
  const files = new Map<string, string | Uint8Array>(
    emitEnvoy(compilation.config, {
      ...options,
      blobs: compilation.blobs,
      filterPath: path.posix.join(directory, "filter.wasm"),
      xdsDirectory: path.posix.join(directory, "xds"),
    }),
  );
  if (options.target === "wasm") {
    files.set("filter.wasm", await readFile(filterModulePath()));
    for (const [listener, blob] of compilation.blobs) {
      files.set(`routes/${listener}.blob`, blob);
    }
  }
  const manifest = makeManifest({
    sluice: packageRoot().version,
    target: options.target,
    envoy: { oldest: OLDEST_ENVOY, newest: NEWEST_ENVOY },
    listeners: socketsOf(compilation.config),
    inputs: compilation.sources,
    files,
  });
  files.set("manifest.json", `${JSON.stringify(manifest, null, 2)}\n`);
  return { files, manifest };
}
