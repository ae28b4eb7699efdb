/** Writes a build into a directory that an Envoy runs from. */

import path from "node:path";
import type { Compilation } from "../../../compile.ts";
import type { ProxyOptions } from "../../../options.ts";
import { type WriteOptions, type WriteResult, writeOutput } from "../write.ts";
import { adminSocketOf, filesOf, standaloneBuild } from "./build.ts";
import type { Manifest } from "./manifest.ts";

/** What was written, and whether anything was. */
export interface WrittenBuild extends WriteResult {
  readonly manifest: Manifest;
  /** Where the Envoy that reads it opens its admin interface: a Unix socket for its owner. */
  readonly adminSocket: string;
}

/**
 * Writes a build into `directory`, which holds the whole old one or the whole new one at any time, also while an Envoy reads
 * it. `mountedAt` is where Envoy will see it, when that is another place. Throws a `ForeignDirectoryError` for a directory
 * that holds something else. `writing.onWait` is told when another build of the directory is waited for.
 */
export async function writeBuild(
  compilation: Compilation,
  options: ProxyOptions,
  directory: string,
  mountedAt = directory,
  writing: WriteOptions = {},
): Promise<WrittenBuild> {
  const seenAt = path.resolve(mountedAt);
  const build = await standaloneBuild(compilation, options, seenAt);
  return {
    ...(await writeOutput(path.resolve(directory), filesOf(build), writing)),
    manifest: build.manifest(),
    adminSocket: adminSocketOf(options, seenAt),
  };
}
