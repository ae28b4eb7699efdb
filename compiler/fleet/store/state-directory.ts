/**
 * The folder of a fleet's state: what stands in it under which name, and whether it may be used. It has private keys in it, so it
 * belongs to one user, and nothing in it is a link. What may not be used is moved aside, never deleted: somebody may want to look.
 *
 *     DIR/journal-0000000007     what holds (`journal.ts`), of the seventh term
 *     DIR/lease-0000000007       who decides in that term (`lease.ts`)
 *     DIR/server-ID.json         what each server knows of its own proxies (`peers.ts`)
 */

import { chmod, lstat, mkdir, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { EnvironmentError } from "../../platform/error.ts";
import { makeDirectory } from "../../run/delivery/make-directory.ts";

/** Told in one line each. */
export type OnNotice = (line: string) => void;

const OWNER_ONLY = 0o700;
const OTHERS = 0o077;
const ROOT = 0;

/**
 * Makes it, or sees to it that it can be used; one that cannot is moved aside. Throws an `EnvironmentError` where that is not
 * possible either. `directory` is absolute.
 */
export async function prepareStateDirectory(directory: string, onNotice: OnNotice): Promise<void> {
  const why = await unusable(directory);
  if (why !== undefined) {
    const to = await setAside(directory).catch((error: Error) => {
      throw new EnvironmentError(
        `the state directory ${directory} ${why}, and cannot be moved aside (${error.message}); name another one`,
      );
    });
    onNotice(`the state directory ${directory} ${why}; it is now ${to}, and the state begins anew`);
  }
  await makeDirectory(path.dirname(directory));
  await mkdir(directory, { mode: OWNER_ONLY }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") {
      throw new EnvironmentError(`cannot make the state directory ${directory}: ${error.message}`);
    }
  });
  const { mode, uid } = await lstat(directory);
  // A volume of Kubernetes belongs to root, and is shared by its group.
  if ((mode & OTHERS) !== 0 && uid === process.getuid?.()) {
    await chmod(directory, OWNER_ONLY);
  }
}

async function unusable(directory: string): Promise<string | undefined> {
  const stats = await lstat(directory).catch(() => undefined);
  if (stats === undefined) {
    return undefined;
  }
  if (stats.isSymbolicLink()) {
    return "is a symbolic link";
  }
  if (!stats.isDirectory()) {
    return "is not a directory";
  }
  const own = process.getuid?.();
  if (own !== undefined && stats.uid !== own && stats.uid !== ROOT) {
    return `belongs to user ${stats.uid}, and this is user ${own}`;
  }
  return undefined;
}

/** Why a file of the state is not read. */
export async function unusableFile(name: string): Promise<string | undefined> {
  const stats = await lstat(name);
  if (stats.isSymbolicLink()) {
    return "is a symbolic link";
  }
  if (!stats.isFile()) {
    return "is not a file";
  }
  const own = process.getuid?.();
  if (own !== undefined && stats.uid !== own) {
    return `belongs to user ${stats.uid}, and this is user ${own}`;
  }
  return undefined;
}

/** Where it is now. */
export async function setAside(name: string): Promise<string> {
  const time = new Date().toISOString().replace(/[:.]/g, "-");
  const to = `${name}.broken-${time}`;
  await rename(name, to);
  return to;
}

/** A file whose name ends with the number of a term. */
export interface TermFile {
  readonly term: number;
  readonly path: string;
}

const DIGITS = 10;

export function termFile(directory: string, kind: "journal" | "lease", term: number): string {
  return path.join(directory, `${kind}-${String(term).padStart(DIGITS, "0")}`);
}

/** The newest first. */
export async function termFiles(directory: string, kind: "journal" | "lease"): Promise<TermFile[]> {
  const pattern = new RegExp(`^${kind}-([0-9]{${DIGITS}})$`);
  return (await readdir(directory))
    .flatMap((name) => {
      const term = pattern.exec(name)?.[1];
      return term === undefined ? [] : { term: Number(term), path: path.join(directory, name) };
    })
    .sort((a, b) => b.term - a.term);
}

/** Removes what older terms left. */
export async function removeBefore(
  directory: string,
  kind: "journal" | "lease",
  term: number,
): Promise<void> {
  for (const file of await termFiles(directory, kind)) {
    if (file.term < term) {
      await rm(file.path, { force: true });
    }
  }
}
