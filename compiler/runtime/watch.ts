/**
 * Tells when the input changed, once for each burst: editors write a file in several steps (a temporary file, a
 * rename, a change of mode), and a checkout changes many files.
 *
 * The watch is on each file's folder, not on the file: one that is replaced by rename or deleted and made again has
 * another inode, and a watch on the old one would be silent for ever.
 */

import { statSync } from "node:fs";
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

  let timer: NodeJS.Timeout | undefined;
  const onEvent = (name: string) => {
    if (concerns(path.resolve(name))) {
      clearTimeout(timer);
      timer = setTimeout(options.onChange, options.debounceMs ?? DEBOUNCE_MS);
    }
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

function isDirectory(name: string): boolean {
  try {
    return statSync(name).isDirectory();
  } catch {
    return false;
  }
}
