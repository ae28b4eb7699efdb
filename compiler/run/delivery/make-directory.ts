/** Directories that may have to be made, together with those above them. */

import { mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { EnvironmentError } from "../../platform/error.ts";

/** Says in words why a directory cannot be made; what there are words for elsewhere is thrown as it is. */
export async function makeDirectory(directory: string): Promise<void> {
  try {
    await makeWithParents(directory);
  } catch (error) {
    const why = WHY[(error as NodeJS.ErrnoException).code ?? ""];
    if (why === undefined) {
      throw error;
    }
    throw new EnvironmentError(`${directory} ${why}`);
  }
}

const WHY: Readonly<Record<string, string>> = {
  EEXIST: "exists, but is not a directory; name a directory",
  ENOTDIR: "cannot be created: a part of its path is not a directory",
  ENOENT: "cannot be created: its parent directory does not allow it",
};

/** Not by Node's `recursive`, which never ends where a directory is there and takes no other, as those of `/proc`. */
async function makeWithParents(directory: string): Promise<void> {
  try {
    await mkdir(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && (await isDirectory(directory))) {
      return;
    }
    const parent = path.dirname(directory);
    if (code !== "ENOENT" || (await isDirectory(parent))) {
      throw error;
    }
    await makeWithParents(parent);
    await makeWithParents(directory);
  }
}

async function isDirectory(name: string): Promise<boolean> {
  const stats = await stat(name).catch(() => undefined);
  return stats?.isDirectory() === true;
}
