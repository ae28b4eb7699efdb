/** Writes a build into a directory that an Envoy runs from. */

import path from "node:path";
import type { Compilation } from "../../../compile.ts";
import type { ProxyOptions } from "../../../options.ts";
import { type WriteResult, writeOutput } from "../write.ts";
import { filesOf, folderBuild } from "./build.ts";
import type { Manifest } from "./manifest.ts";

/** What was written, and whether anything was. */
export interface WrittenBuild extends WriteResult {
  readonly manifest: Manifest;
}

/**
 * Writes a build into `directory`, which holds the whole old one or the whole new one at any time, also while an Envoy reads
 * it. `mountedAt` is where Envoy will see it, when that is another place. Throws a `ForeignDirectoryError` for a directory
 * that holds something else.
 */
export async function writeBuild(
  compilation: Compilation,
  options: ProxyOptions,
  directory: string,
  mountedAt = directory,
): Promise<WrittenBuild> {
  const build = await folderBuild(compilation, options, path.resolve(mountedAt));
  return { ...(await writeOutput(path.resolve(directory), filesOf(build))), manifest: build.manifest() };
}
