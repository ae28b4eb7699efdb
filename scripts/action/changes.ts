/** What the rules here decide differently than at the base. */

import { cp, lstat, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { DiffReport, JsonDiagnostic } from "../../compiler/index.ts";
import type { Repository } from "./base.ts";
import type { Inputs } from "./inputs.ts";
import { askSluice } from "./sluice.ts";

export type Changes =
  | { readonly report: DiffReport }
  /** Nothing can be compared: the rules of the base are wrong. */
  | { readonly wrong: readonly JsonDiagnostic[] };

const RULES = new Set([".yaml", ".yml", ".json"]);
/** Hold files of those names that are not this repository's. */
const FOREIGN = new Set([".git", "node_modules"]);

export async function changesSince(
  commit: string,
  { rules, config }: Inputs,
  repository: Repository,
  workspace: string,
): Promise<Changes> {
  const folder = await mkdtemp(path.join(process.env.RUNNER_TEMP || os.tmpdir(), "sluice-diff-"));
  try {
    // Both sides are named by what they are: these names are what the report shows.
    await repository.extract(commit, rules, path.join(folder, "base"));
    for (const one of rules) {
      const from = path.join(workspace, one);
      await cp(from, path.join(folder, "head", one), {
        recursive: true,
        dereference: true,
        filter: async (source) => source === from || (await isOfRules(source)),
      });
    }
    const options = config === undefined ? [] : ["--config", path.join(workspace, config)];
    const { json } = await askSluice<DiffReport | { readonly diagnostics: readonly JsonDiagnostic[] }>(
      ["diff", ...options, "base", "head"],
      folder,
    );
    return "differences" in json ? { report: json } : { wrong: json.diagnostics };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What Sluice reads below a folder. */
async function isOfRules(source: string): Promise<boolean> {
  if (FOREIGN.has(path.basename(source))) {
    return false;
  }
  return RULES.has(path.extname(source)) || (await lstat(source)).isDirectory();
}
