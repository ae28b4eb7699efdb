/** The rules that a command line names: files and folders, and the mesh configuration that holds for them. */

import { files, type RuleSource, withMeshConfig } from "../index.ts";
import type { CommonOptions } from "./proxy-options.ts";

type Naming = Pick<CommonOptions, "exclude" | "meshConfig">;

export function ruleFiles(paths: readonly string[], { exclude, meshConfig }: Naming): RuleSource {
  return underMeshConfig(files(paths, { exclude }), { meshConfig });
}

/** `rules` as they are, unless a file was named for the mesh configuration. */
export function underMeshConfig(rules: RuleSource, { meshConfig }: Pick<Naming, "meshConfig">): RuleSource {
  return meshConfig === "" ? rules : withMeshConfig(rules, meshConfig);
}
