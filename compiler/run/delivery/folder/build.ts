/** A build: what one Envoy reads from a directory, what lies beside it there, and what all of it was made of. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type AdminInterface, emitAdminInterface } from "../../../back/xds/admin-interface.ts";
import { type Bootstrap, emitBootstrap } from "../../../back/xds/bootstrap.ts";
import { printJson } from "../../../back/xds/json.ts";
import { FIRST_ENVOY_WITH_BUDGET_INTERVALS, needsBudgetIntervals } from "../../../back/xds/newer-fields.ts";
import { overloadOf } from "../../../back/xds/overload-manager.ts";
import type { ResourceSet } from "../../../back/xds/resource-set.ts";
import { emitResources } from "../../../back/xds/resources.ts";
import { FIRST_ENVOY_THAT_TRACES } from "../../../back/xds/tracing.ts";
import type { Compilation } from "../../../compile.ts";
import { socketsOf } from "../../../ir/sockets.ts";
import type { ProxyOptions } from "../../../options.ts";
import { filterModulePath, packageRoot } from "../../../platform/package-root.ts";
import { NEWEST_ENVOY, OLDEST_ENVOY } from "../../../platform/version.ts";
import type { FileContents, OutputFiles } from "../output-files.ts";
import { layOut } from "./layout.ts";
import { type Manifest, makeManifest } from "./manifest.ts";
import { folderPlaces, MODULE_FILE } from "./places.ts";

export const BOOTSTRAP_FILE = "envoy.json";
const MANIFEST_FILE = "manifest.json";

export interface FolderBuild {
  /** What Envoy is started with; another one takes a new start. */
  readonly bootstrap: Bootstrap;
  /** What it takes while it runs. */
  readonly resources: ResourceSet;
  /** Absent for the native target. */
  readonly module?: Uint8Array;
  /** The routing blob of each listener that the filter decides for, by the listener's name. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  /** Made when somebody asks first: it has a digest of every file. */
  manifest(): Manifest;
}

/**
 * Makes a build that Envoy will read from `directory`, an absolute path. `module` is the filter's, for callers that
 * have read it, and `admin` for those whose Envoy is started with this bootstrap and nothing else; nothing is written
 * (`writeOutput(directory, filesOf(build))` does that).
 */
export async function folderBuild(
  { config, blobs, sources }: Compilation,
  options: ProxyOptions,
  directory: string,
  { module, admin }: { readonly module?: Uint8Array | undefined; readonly admin?: AdminInterface } = {},
): Promise<FolderBuild> {
  const places = folderPlaces(config, directory);
  const parts = {
    bootstrap: { ...emitBootstrap({ places, overload: overloadOf(config, options) }), ...admin },
    resources: emitResources(config, { ...options, blobs, places }),
    ...(options.target !== "native" && { module: module ?? (await readFile(filterModulePath())) }),
    blobs,
  };
  let manifest: Manifest | undefined;
  return {
    ...parts,
    manifest() {
      manifest ??= makeManifest({
        sluice: packageRoot().version,
        target: options.target,
        envoy: {
          oldest: oldestEnvoy(parts.resources, options),
          newest: NEWEST_ENVOY,
        },
        listeners: socketsOf(config),
        inputs: sources,
        files: describedFiles(parts),
      });
      return manifest;
    },
  };
}

/** The first that can do all that is asked of it. */
function oldestEnvoy(resources: ResourceSet, { traceTo }: Pick<ProxyOptions, "traceTo">): string {
  if (needsBudgetIntervals(resources)) {
    return FIRST_ENVOY_WITH_BUDGET_INTERVALS;
  }
  return traceTo === "" ? OLDEST_ENVOY : FIRST_ENVOY_THAT_TRACES;
}

/**
 * The files of a build for an Envoy that somebody else starts: its bootstrap has the admin interface, too. `directory` is an
 * absolute path, as that Envoy sees it.
 */
export async function emitBuild(
  compilation: Compilation,
  options: ProxyOptions,
  directory: string,
): Promise<OutputFiles> {
  return filesOf(await standaloneBuild(compilation, options, directory));
}

/** The same before it is files. */
export async function standaloneBuild(
  compilation: Compilation,
  options: ProxyOptions,
  directory: string,
): Promise<FolderBuild> {
  const socket = adminSocketOf(options, directory);
  return folderBuild(compilation, options, directory, { admin: emitAdminInterface({ ...options, socket }) });
}

/** Of a build that is read at `directory`: two builds on one machine do not take one another's, and equal ones are equal files. */
export function adminSocketOf({ adminSocket }: Pick<ProxyOptions, "adminSocket">, directory: string): string {
  const digest = createHash("sha256").update(directory).digest("hex").slice(0, 12);
  return adminSocket || `/tmp/sluice-admin-${digest}.sock`;
}

/** All files of a build, by path relative to its directory. */
export function filesOf(build: FolderBuild): OutputFiles {
  return new Map([
    ...describedFiles(build),
    [MANIFEST_FILE, `${JSON.stringify(build.manifest(), null, 2)}\n`],
  ]);
}

function describedFiles({
  bootstrap,
  resources,
  module,
  blobs,
}: Omit<FolderBuild, "manifest">): Map<string, FileContents> {
  const files = new Map<string, FileContents>([[BOOTSTRAP_FILE, printJson(bootstrap)], ...layOut(resources)]);
  if (module !== undefined) {
    files.set(MODULE_FILE, module);
    for (const [listener, blob] of blobs) {
      files.set(`routes/${listener}.blob`, blob);
    }
  }
  return files;
}
