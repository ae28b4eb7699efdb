/**
 * Writes files that people keep beside their own, in a repository say: plain files, and beside them a list of what was
 * written, by which the next time knows what it may replace and what it may not.
 */

import { lstat, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { makeDirectory } from "./make-directory.ts";
import { bytesOf, modeOf, type OutputFiles } from "./output-files.ts";
import { ForeignDirectoryError } from "./write.ts";

const LIST = ".sluice-export.json";

/** Files with keys are for their owner only. Throws a `ForeignDirectoryError` before anything is written. */
export async function writeTree(directory: string, files: OutputFiles): Promise<void> {
  const root = path.resolve(directory);
  await makeDirectory(root);
  const own = await readList(root);
  for (const name of files.keys()) {
    const exists = await lstat(path.join(root, name)).catch(() => undefined);
    if (exists !== undefined && !own.has(name)) {
      throw new ForeignDirectoryError(
        `${root} contains "${name}", which is not from an earlier export; name an empty or new directory`,
      );
    }
  }
  for (const [name, contents] of files) {
    const file = path.join(root, ...name.split("/"));
    await makeDirectory(path.dirname(file));
    // A file that is there keeps its mode.
    await rm(file, { force: true });
    await writeFile(file, bytesOf(contents), { flag: "wx", mode: modeOf(contents) });
  }
  for (const name of own) {
    if (!files.has(name)) {
      await rm(path.join(root, ...name.split("/")), { force: true });
    }
  }
  await writeFile(path.join(root, LIST), `${JSON.stringify({ files: [...files.keys()].sort() }, null, 2)}\n`);
}

/** What an earlier export wrote, as far as it lies within the directory. */
async function readList(root: string): Promise<Set<string>> {
  const text = await readFile(path.join(root, LIST), "utf8").catch(() => "{}");
  try {
    const { files } = JSON.parse(text) as { files?: unknown };
    const names = Array.isArray(files) ? files.filter((name) => typeof name === "string") : [];
    return new Set(names.filter((name) => path.join(root, name).startsWith(`${root}${path.sep}`)));
  } catch {
    return new Set();
  }
}
