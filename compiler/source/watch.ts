/**
 * Tells when the input changed, once for each burst: editors write a file in several steps (a temporary file, a
 * rename, a change of mode), and a checkout changes many files.
 *
 * The watch is on each file's folder, not on the file: one that is replaced by rename or deleted and made again has
 * another inode, and a watch on the old one would be silent for ever.
 *
 * A file that has just become empty is nearly always one that is being written: it was truncated, and its contents are on
 * their way. It gets time for them, or rules would be gone for a moment.
 */

import { type Stats, statSync } from "node:fs";
import path from "node:path";
import { watch } from "chokidar";

export interface WatchOptions {
  /** Files and directories; `-` is left out, standard input does not change. */
  readonly paths: readonly string[];
  readonly onChange: () => void;
  readonly debounceMs?: number;
}

export interface InputWatch {
  close(): Promise<void>;
}

const DEBOUNCE_MS = 80;
/** How long a file may stay empty before it counts as meant to be. */
const EMPTY_MS = 1000;
/** What is read from a directory. */
const INPUT = /\.(ya?ml|json)$/;

/** Resolves once every change from now on is noticed. */
export async function watchInputs(options: WatchOptions): Promise<InputWatch> {
  const paths = options.paths.filter((name) => name !== "-").map((name) => path.resolve(name));
  const directories = paths.filter((name) => isDirectory(name));
  const files = new Set(paths.filter((name) => !directories.includes(name)));
  const roots = new Set([...directories, ...[...files].map((file) => path.dirname(file))]);
  const isBelow = (name: string, directory: string) =>
    name === directory || name.startsWith(directory + path.sep);
  const concerns = (name: string) =>
    files.has(name) || (directories.some((directory) => isBelow(name, directory)) && INPUT.test(name));

  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const onEvent = (name: string) => {
    const absolute = path.resolve(name);
    if (concerns(absolute)) {
      changed.add(absolute);
      clearTimeout(timer);
      timer = setTimeout(onQuiet, options.debounceMs ?? DEBOUNCE_MS);
    }
  };
  const onQuiet = () => {
    if ([...changed].some(isEmptyFile)) {
      timer = setTimeout(onSettled, EMPTY_MS);
    } else {
      onSettled();
    }
  };
  const onSettled = () => {
    changed.clear();
    options.onChange();
  };
  const watcher = watch([...roots], {
    ignoreInitial: true,
    // Below the folder of a single file, nothing else is looked at.
    ignored: (name) => {
      const absolute = path.resolve(name);
      const wanted = directories.some((directory) => isBelow(absolute, directory));
      return !wanted && !roots.has(absolute) && !files.has(absolute);
    },
  });
  watcher.on("add", onEvent).on("change", onEvent).on("unlink", onEvent);
  await new Promise<void>((resolve, reject) => {
    watcher.once("ready", resolve);
    watcher.once("error", reject);
  });
  return {
    async close() {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}

function isEmptyFile(name: string): boolean {
  return statsOf(name)?.size === 0;
}

function isDirectory(name: string): boolean {
  return statsOf(name)?.isDirectory() === true;
}

function statsOf(name: string): Stats | undefined {
  try {
    return statSync(name);
  } catch {
    return undefined;
  }
}
