/**
 * Tells when the input has changed, once for each burst: editors write a file in several steps (a temporary file, a rename, a
 * change of mode), and a checkout changes many files.
 *
 * Two things see to that. Directories are watched by the kernel: those that are searched, and every one on the way to what was named, so
 * that a folder that is replaced, or a link that is swapped, is noticed. And now and then the input is looked at and compared with
 * what was read, which finds what no watch tells: changes on another machine's file system, in directories beyond
 * what may be watched, or that fell between a change and the watch of it. Files themselves are never watched: one that is
 * replaced by a rename has another inode, and a watch on the old one would be silent for ever.
 */

import { type FSWatcher, statSync, watch as watchDirectory } from "node:fs";
import path from "node:path";
import type { KnownListing } from "./known-listing.ts";
import { isSameListing, type Listing, STDIN } from "./list-inputs.ts";
import { stepsTo } from "./ways.ts";

export interface InputWatchOptions {
  readonly paths: readonly string[];
  readonly listing: KnownListing;
  /** Whether what could not be read the last time can be read now. */
  readonly hasRecovered: () => Promise<boolean>;
  readonly onChange: () => void;
}

/** Quiet for so long, a burst is over. Whoever reads waits for what is missing or empty; this is for the steps of one save. */
const QUIET_MS = 20;
/** A burst that does not end is told of after so long. */
const BURST_MS = 1000;
/** Between two looks that nobody asked for. */
const LOOK_EVERY_MS = 1000;
/** Looks may take one part in so many of the time. */
const LOOK_SHARE = 50;
/** Directories; the kernel gives a user so many watches, and others need some. */
const MAX_WATCHED = 2000;

interface Watched {
  readonly watcher: FSWatcher;
  /** What the directory was: another one may stand in its place. */
  readonly id: string;
  /** Entries that matter; undefined for all. */
  names: ReadonlySet<string> | undefined;
}

export class InputWatch {
  readonly #options: InputWatchOptions;
  readonly #watched = new Map<string, Watched>();
  /** What was there when it was last looked at. */
  #known: Listing;
  /** Absolute paths of the files that are known. */
  #files: ReadonlySet<string> = new Set();
  #events = 0;
  #lastEvent = Number.NEGATIVE_INFINITY;
  #burst: { readonly since: number; touched: boolean } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: InputWatchOptions) {
    this.#options = options;
    this.#known = options.listing.look();
    this.#followNew(this.#known);
    this.#lookLater(LOOK_EVERY_MS);
  }

  /** How many events there were that may concern the input. */
  get events(): number {
    return this.#events;
  }

  /** Whether the kernel tells of every folder that is searched. */
  get tellsAll(): boolean {
    return this.#known.folders.every((folder) => this.#watched.has(path.resolve(folder)));
  }

  /** Milliseconds since the last of them. */
  get quietMs(): number {
    return performance.now() - this.#lastEvent;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#looking);
    for (const { watcher } of this.#watched.values()) {
      watcher.close();
    }
    this.#watched.clear();
  }

  #onEvent(directory: string, name: string | null): void {
    const names = this.#watched.get(directory)?.names;
    if (this.#isClosed || (name !== null && names !== undefined && !names.has(name))) {
      return;
    }
    if (name === null || names !== undefined) {
      this.#options.listing.forget();
    } else {
      this.#options.listing.touch(path.join(directory, name));
    }
    const now = performance.now();
    this.#events += 1;
    this.#lastEvent = now;
    this.#burst ??= { since: now, touched: false };
    this.#burst.touched ||= name !== null && this.#files.has(path.join(directory, name));
    clearTimeout(this.#timer);
    const left = this.#burst.since + BURST_MS - now;
    this.#timer = setTimeout(() => this.#onQuiet(), Math.max(0, Math.min(QUIET_MS, left)));
  }

  #onQuiet(): void {
    const { touched } = this.#burst!;
    this.#burst = undefined;
    this.#look(touched);
  }

  /** Whether there was something to tell. `touched`: a file was written, perhaps so that its size and its times are as they were. */
  #look(touched: boolean): boolean {
    const { listing: known } = this.#options;
    const listing = this.tellsAll ? known.current() : known.look();
    const isChanged = touched || !isSameListing(listing, this.#known);
    // The same list of folders, and not only a like one: none of them can have been replaced.
    const isElsewhere = listing.folders !== this.#known.folders;
    this.#known = listing;
    if (isElsewhere) {
      this.#followNew(listing);
    }
    if (isChanged) {
      this.#options.onChange();
    }
    return isChanged;
  }

  #lookLater(ms: number): void {
    this.#looking = setTimeout(async () => {
      const start = performance.now();
      // A burst has its own look, when it is over.
      if (this.#burst === undefined) {
        this.#options.listing.forget();
      }
      if (this.#burst === undefined && !this.#look(false)) {
        const hasRecovered = await this.#options.hasRecovered();
        if (hasRecovered && !this.#isClosed) {
          this.#options.onChange();
        }
      }
      if (!this.#isClosed) {
        this.#lookLater(Math.max(LOOK_EVERY_MS, (performance.now() - start) * LOOK_SHARE));
      }
    }, ms);
  }

  /** What happened before somebody watched was told by nobody. */
  #followNew(listing: Listing): void {
    const before = new Set([...this.#watched.values()].map(({ watcher }) => watcher));
    this.#follow(listing);
    if ([...this.#watched.values()].some(({ watcher }) => !before.has(watcher))) {
      this.#options.listing.forget();
    }
  }

  /** Watches the directories that matter now, and no others. */
  #follow(listing: Listing): void {
    this.#files = new Set(listing.files.map(({ name }) => path.resolve(name)));
    const wanted = this.#wanted(listing);
    for (const [directory, { watcher, id }] of this.#watched) {
      if (!wanted.has(directory) || id !== idOf(directory)) {
        watcher.close();
        this.#watched.delete(directory);
      }
    }
    for (const [directory, names] of wanted) {
      const watched = this.#watched.get(directory);
      if (watched !== undefined) {
        watched.names = names;
      } else if (this.#watched.size < MAX_WATCHED) {
        this.#watchDirectory(directory, names);
      }
    }
  }

  /** Those on the way come first: there are few of them, and each may take the whole input with it. */
  #wanted({ folders, links }: Listing): Map<string, Set<string> | undefined> {
    const wanted = new Map<string, Set<string> | undefined>();
    const named = this.#options.paths.filter((name) => name !== STDIN);
    for (const { directory, name } of [...named, ...links].flatMap(stepsTo)) {
      const names = wanted.get(directory) ?? new Set();
      wanted.set(directory, names.add(name));
    }
    for (const folder of folders) {
      wanted.set(path.resolve(folder), undefined);
    }
    return wanted;
  }

  #watchDirectory(directory: string, names: ReadonlySet<string> | undefined): void {
    const id = idOf(directory);
    if (id === undefined) {
      return;
    }
    try {
      const watcher = watchDirectory(directory, (_, name) => this.#onEvent(directory, name));
      watcher.on("error", () => {
        watcher.close();
        this.#watched.delete(directory);
      });
      this.#watched.set(directory, { watcher, id, names });
    } catch {
      // It may be gone, or the kernel has no more watches to give: the looks go on.
    }
  }
}

function idOf(directory: string): string | undefined {
  const stats = statSync(directory, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
}
