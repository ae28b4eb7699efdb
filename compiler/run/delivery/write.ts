/**
 * Writes a build so that a reader sees the whole old one or the whole new one, in the manner in which Kubernetes
 * writes mounted ConfigMaps, which Envoy's `watched_directory` understands:
 *
 *     DIR/..4f1c…/envoy.json     the real files of one generation
 *     DIR/..data                 → ..4f1c…       swapped by one rename
 *     DIR/envoy.json             → ..data/envoy.json
 *
 * A build that is killed leaves at most a generation that nothing points to; the next build removes it.
 */

import { randomBytes } from "node:crypto";
import { lstat, open, readdir, readFile, readlink, rename, rm, symlink } from "node:fs/promises";
import path from "node:path";
import { withLock } from "../../platform/lock.ts";
import { makeDirectory } from "./make-directory.ts";
import { bytesOf, type FileContents, modeOf, type OutputFiles } from "./output-files.ts";

/** The directory holds somebody else's files; nothing was written. */
export class ForeignDirectoryError extends Error {}

export interface WriteResult {
  /** False when the directory held the very same build already. */
  readonly changed: boolean;
}

const DATA = "..data";
const LOCK = "..lock";
const GENERATION = /^\.\.gen_[0-9a-f]{16}$/;
const NEW_DATA = /^\.\.data_[0-9a-f]{16}$/;

export interface WriteOptions {
  /** Called once when another build is being written there, which is waited for. */
  readonly onWait?: () => void;
}

export async function writeOutput(
  directory: string,
  files: OutputFiles,
  options: WriteOptions = {},
): Promise<WriteResult> {
  const root = path.resolve(directory);
  await makeDirectory(root);
  await refuseForeign(root, files);
  return withLock(path.join(root, LOCK), options, async () => {
    const current = await currentGeneration(root);
    const unchanged = current !== undefined && (await holds(path.join(root, current), files));
    if (!unchanged) {
      await swap(root, files).catch(async (error: unknown) => {
        // On a full disk, what was written of it is what is missing.
        await removeLeftovers(root).catch(() => {});
        throw error;
      });
    }
    await linkTopLevel(root, files);
    await removeLeftovers(root);
    return { changed: !unchanged };
  });
}

/**
 * A directory is ours when it has our `..data`, or nothing but what an interrupted first build left. Foreign files
 * beside a build are left alone, unless they stand where a file of ours has to go.
 */
async function refuseForeign(root: string, files: OutputFiles): Promise<void> {
  const ours = (await currentGeneration(root)) !== undefined;
  const needed = topLevelNames(files);
  for (const name of await readdir(root)) {
    const target = await readlink(path.join(root, name)).catch(() => undefined);
    if (isOurs(name) || target === `${DATA}/${name}`) {
      continue;
    }
    if (!ours || needed.has(name)) {
      throw new ForeignDirectoryError(
        `${root} contains "${name}", which is not from an earlier build; name an empty or new directory`,
      );
    }
  }
}

function isOurs(name: string): boolean {
  return (
    name === DATA ||
    name === LOCK ||
    name.startsWith(`${LOCK}.`) ||
    GENERATION.test(name) ||
    NEW_DATA.test(name)
  );
}

/** The name of the generation that `..data` points to. */
async function currentGeneration(root: string): Promise<string | undefined> {
  const target = await readlink(path.join(root, DATA)).catch(() => undefined);
  return target !== undefined && GENERATION.test(target) ? target : undefined;
}

async function swap(root: string, files: OutputFiles): Promise<void> {
  const id = randomBytes(8).toString("hex");
  const generation = `..gen_${id}`;
  for (const [name, contents] of files) {
    const file = path.join(root, generation, ...name.split("/"));
    await makeDirectory(path.dirname(file));
    await writeDurably(file, contents, modeOf(contents));
  }
  const link = path.join(root, `..data_${id}`);
  await symlink(generation, link);
  await rename(link, path.join(root, DATA));
}

async function writeDurably(file: string, contents: FileContents, mode?: number): Promise<void> {
  const handle = await open(file, "wx", mode);
  try {
    await handle.writeFile(bytesOf(contents));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Links every top-level name through `..data`, and removes the links of names that are gone. */
async function linkTopLevel(root: string, files: OutputFiles): Promise<void> {
  const needed = topLevelNames(files);
  for (const name of needed) {
    const link = path.join(root, name);
    if ((await readlink(link).catch(() => undefined)) !== `${DATA}/${name}`) {
      await symlink(`${DATA}/${name}`, link);
    }
  }
  for (const name of await readdir(root)) {
    const target = await readlink(path.join(root, name)).catch(() => undefined);
    if (target === `${DATA}/${name}` && !needed.has(name)) {
      await rm(path.join(root, name), { force: true });
    }
  }
}

async function removeLeftovers(root: string): Promise<void> {
  const current = await currentGeneration(root);
  for (const name of await readdir(root)) {
    if ((GENERATION.test(name) && name !== current) || NEW_DATA.test(name)) {
      await rm(path.join(root, name), { recursive: true, force: true });
    }
  }
}

/** True when a generation holds exactly these files with these contents. */
async function holds(generation: string, files: OutputFiles): Promise<boolean> {
  const entries = await readdir(generation, { recursive: true, withFileTypes: true }).catch(() => []);
  if (entries.filter((entry) => !entry.isDirectory()).length !== files.size) {
    return false;
  }
  for (const [name, contents] of files) {
    const file = path.join(generation, ...name.split("/"));
    const expected = bytesOf(contents);
    const size = await lstat(file).then(
      (stats) => stats.size,
      () => -1,
    );
    if (size !== expected.byteLength || Buffer.compare(await readFile(file), expected) !== 0) {
      return false;
    }
  }
  return true;
}

function topLevelNames(files: OutputFiles): Set<string> {
  return new Set([...files.keys()].map((name) => name.split("/")[0]!));
}
