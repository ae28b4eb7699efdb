/**
 * What an input's paths stand for, kept while the kernel tells what happens in their folders: a change to one file of ten
 * thousand is a look at that file. Whatever is more than a change of a known file (a file that comes or goes, a folder, a
 * link, something on the way to the input) is a reason to look at everything.
 */

import { type BigIntStats, lstatSync, statSync } from "node:fs";
import path from "node:path";
import { type InputPaths, isWantedName, type Listing, listInputs } from "./list-inputs.ts";

/** Files; a checkout changes thousands, and the kernel may have left some of them unsaid. */
const MOST_TOUCHED = 100;

export class KnownListing {
  readonly #input: InputPaths;
  #last: Listing | undefined;
  /** Where each file is in the last listing, by its absolute path. */
  #indexes: ReadonlyMap<string, number> | undefined;
  /** Absolute paths. */
  readonly #touched = new Set<string>();

  constructor(input: InputPaths) {
    this.#input = input;
  }

  /** Looks at everything. */
  look(): Listing {
    this.forget();
    return this.current();
  }

  /** Something has happened to an entry of a folder that is searched. */
  touch(name: string): void {
    this.#touched.add(name);
    if (this.#touched.size > MOST_TOUCHED) {
      this.forget();
    }
  }

  /** Something has happened, and nobody knows to what. */
  forget(): void {
    this.#last = undefined;
    this.#indexes = undefined;
    this.#touched.clear();
  }

  /** As `look` would say it, if all that has happened was told; the same object as before when nothing was. */
  current(): Listing {
    const known = this.#last;
    const changed = known && this.#touchedIn(known);
    this.#touched.clear();
    if (known === undefined || changed === undefined) {
      this.#indexes = undefined;
      this.#last = listInputs(this.#input);
    } else if (changed.size > 0) {
      const files = [...known.files];
      for (const [index, stats] of changed) {
        files[index] = { ...files[index]!, stats };
      }
      this.#last = { ...known, files };
    }
    return this.#last!;
  }

  /** What known files are now; `undefined` where there is more to it. */
  #touchedIn(known: Listing): Map<number, BigIntStats> | undefined {
    const changed = new Map<number, BigIntStats>();
    if (this.#touched.size === 0) {
      return changed;
    }
    this.#indexes ??= new Map(known.files.map(({ name }, index) => [path.resolve(name), index]));
    for (const name of this.#touched) {
      const index = this.#indexes.get(name);
      if (index === undefined) {
        const stats = statsOf(name, statSync);
        // Another name of the same file may be one of those that are read.
        const hasOtherNames = known.links.length > 0 || (stats !== undefined && stats.nlink > 1n);
        if (isWantedName(name) || stats?.isDirectory() || hasOtherNames || isFolderOf(known, name)) {
          return undefined;
        }
        continue;
      }
      // Not what a link leads to: a file may have been moved away, with a link to it in its place.
      const stats = statsOf(name, lstatSync);
      const before = known.files[index]!.stats;
      if (stats === undefined || before === undefined || !stats.isFile() || known.links.length > 0) {
        return undefined;
      }
      // A file of another name that is the same one is read once: who of them is left out is for a look to say.
      const isMoved = stats.ino !== before.ino || stats.dev !== before.dev;
      if ((isMoved || stats.nlink > 1n) && isThere(known, stats, index)) {
        return undefined;
      }
      changed.set(index, stats);
    }
    return changed;
  }
}

/** `undefined` also for what cannot be looked at. */
function statsOf(name: string, look: typeof statSync | typeof lstatSync): BigIntStats | undefined {
  try {
    return look(name, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isFolderOf({ folders }: Listing, name: string): boolean {
  return folders.some((folder) => path.resolve(folder) === name);
}

function isThere({ files }: Listing, { ino, dev }: BigIntStats, but: number): boolean {
  return files.some(({ stats }, index) => index !== but && stats?.ino === ino && stats.dev === dev);
}
