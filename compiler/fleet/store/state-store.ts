/**
 * The state of a fleet on disk. One server writes it, the holder of the lease (`lease.ts`); each term has a journal of its own
 * (`journal.ts`), so that whoever writes in an older term writes what nobody reads. The others read what is committed.
 *
 * Saving never stands in the way of serving: the newest state is written as soon as the one before is, and what cannot be written
 * is said once and tried again.
 */

import { watch } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RetryPause } from "../../run/retry-pause.ts";
import { Batch, BrokenJournalError, Journal } from "./journal.ts";
import { type FleetState, KEPT_REVISIONS } from "./state.ts";
import { StateDecoder, StateEncoder } from "./state-codec.ts";
import {
  type OnNotice,
  prepareStateDirectory,
  removeBefore,
  setAside,
  termFile,
  termFiles,
  unusableFile,
} from "./state-directory.ts";

export interface StateStoreOptions {
  readonly directory: string;
  /** What somebody should know, a line each: what was set aside, that the disk is full, that it no longer is. */
  readonly onNotice: OnNotice;
  /** Between tries to write. Default: seconds, more each time. */
  readonly pause?: Pick<RetryPause, "next" | "reset">;
}

/** A journal is written anew when it is so much larger than what is of use in it. */
const GROWTH = 2;
const LEAST_GROWTH_BYTES = 16 << 20;
/** How often a reader looks, where the file system does not tell of changes (a network's does not). */
const LOOK_EVERY_MS = 1_000;

const NOTHING: FleetState = { revisions: [], builds: [] };

interface Opened {
  readonly path: string;
  readonly term: number;
  readonly journal: Journal;
}

/** A journal that a server writes. */
export interface CommittedJournal {
  readonly term: number;
  /** Another number is another file. */
  readonly file: number;
  readonly bytes: number;
}

export class StateStore {
  readonly directory: string;
  readonly #onNotice: OnNotice;
  readonly #pause: Pick<RetryPause, "next" | "reset">;
  readonly #encoder = new StateEncoder();
  readonly #decoder = new StateDecoder();
  /** Journals that cannot be read, and why. */
  #broken: ReadonlyMap<string, string> = new Map();
  #opened: Opened | undefined;
  #state: FleetState | undefined;
  /** In which this server writes. */
  #term: number | undefined;
  /** What is to be written; `undefined` when it has been. */
  #wanted: FleetState | undefined;
  #writing: Promise<void> | undefined;
  /** Resolves when the last look is over, however it ended. */
  #refreshing: Promise<unknown> = Promise.resolve();
  /** Of the journal, when everything in it was of use. */
  #usefulBytes = 0;
  #trouble: string | undefined;
  /** Counts the journals that this server has begun. */
  #file = 0;
  readonly #onCommit = new Set<() => void>();
  readonly #closed = new AbortController();

  private constructor({ directory, onNotice, pause = new RetryPause() }: StateStoreOptions) {
    this.directory = path.resolve(directory);
    this.#onNotice = onNotice;
    this.#pause = pause;
  }

  /**
   * Opens the folder, and makes it if it is not there. What cannot be used of it is said, and is no error; throws an
   * `EnvironmentError` where there can be no folder.
   */
  static async open(options: StateStoreOptions): Promise<StateStore> {
    const store = new StateStore(options);
    await prepareStateDirectory(store.directory, options.onNotice);
    await store.#open();
    for (const [name, why] of store.#broken) {
      options.onNotice(`the state ${name} ${why}; the fleet starts from its sources`);
    }
    return store;
  }

  /**
   * The journal that this server writes, as far as it is committed; `undefined` while another one decides. A journal that is written
   * anew is another file.
   */
  get committed(): CommittedJournal | undefined {
    const opened = this.#opened;
    return opened === undefined || opened.term !== this.#term
      ? undefined
      : { term: opened.term, file: this.#file, bytes: opened.journal.size };
  }

  /** Bytes of a committed journal; `undefined` when it is no longer the one that is written. */
  readCommitted(file: number, start: number, length: number): Buffer | undefined {
    return file === this.committed?.file ? this.#opened!.journal.bytesAt(start, length) : undefined;
  }

  /** Told whenever there is more, until what is given back is called. */
  onCommit(listener: () => void): () => void {
    this.#onCommit.add(listener);
    return () => this.#onCommit.delete(listener);
  }

  /** What was read last; `undefined` when there is nothing. */
  get state(): FleetState | undefined {
    return this.#state;
  }

  /**
   * This server writes from now on, in that term. What an older one has written meanwhile is read before; gives what holds, from
   * which the server has to go on.
   */
  async lead(term: number): Promise<FleetState | undefined> {
    await this.#writing;
    await this.#refresh();
    this.#term = term;
    for (const name of this.#broken.keys()) {
      await setAside(name).then(
        (to) => this.#onNotice(`the state that could not be read is now ${to}`),
        () => {},
      );
    }
    this.#broken = new Map();
    this.save(this.#state ?? NOTHING);
    return this.#state;
  }

  /** Somebody else writes from now on. */
  follow(): void {
    this.#term = undefined;
    this.#wanted = undefined;
  }

  /** Writes a state as soon as it can, in place of one that waits. False in a server that does not lead: nothing is written. */
  save(state: FleetState): boolean {
    if (this.#term === undefined) {
      return false;
    }
    this.#wanted = { ...state, revisions: state.revisions.slice(-KEPT_REVISIONS) };
    this.#state = this.#wanted;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
    return true;
  }

  /** Whether what was saved last is on the disk; resolves when that is known. */
  async saved(): Promise<boolean> {
    await this.#writing;
    return this.#wanted === undefined && this.#term !== undefined;
  }

  /** Tells each state that another server commits, until it is closed. */
  watch(onState: (state: FleetState) => void): void {
    let isLooking = false;
    let again = false;
    const look = async (): Promise<void> => {
      again = true;
      if (isLooking) {
        return;
      }
      isLooking = true;
      while (again) {
        again = false;
        await this.#look(onState);
      }
      isLooking = false;
    };
    const timer = setInterval(() => void look(), LOOK_EVERY_MS);
    const watcher = watch(this.directory, () => void look());
    watcher.on("error", () => {});
    this.#closed.signal.addEventListener("abort", () => {
      clearInterval(timer);
      watcher.close();
    });
  }

  /** Writes what waits, if that can be done at once. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#writing;
    await this.#refreshing;
    await this.#opened?.journal.close();
    this.#opened = undefined;
  }

  async #look(onState: (state: FleetState) => void): Promise<void> {
    if (this.#term !== undefined || this.#closed.signal.aborted) {
      return;
    }
    try {
      if (
        (await this.#refresh({ following: true })) &&
        this.#term === undefined &&
        this.#state !== undefined
      ) {
        onState(this.#state);
      }
    } catch (error) {
      this.#say(`the state in ${this.directory} cannot be read: ${(error as Error).message}`);
    }
  }

  /**
   * Whether there is something new. One at a time: who opens another file closes the one that an earlier look still reads. `following`:
   * unless this server has begun to write meanwhile.
   */
  #refresh({ following = false } = {}): Promise<boolean> {
    const found = this.#refreshing.then(() =>
      following && this.#term !== undefined ? false : this.#readNewest(),
    );
    this.#refreshing = found.catch(() => {});
    return found;
  }

  async #readNewest(): Promise<boolean> {
    const opened = this.#opened;
    const [newest] = await termFiles(this.directory, "journal");
    if (newest === undefined || this.#broken.has(newest.path)) {
      return false;
    }
    if (
      opened === undefined ||
      opened.path !== newest.path ||
      (await opened.journal.isReplaced(newest.path))
    ) {
      await opened?.journal.close();
      this.#opened = undefined;
      await this.#open();
      return this.#opened !== undefined;
    }
    if (!(await opened.journal.refresh())) {
      return false;
    }
    this.#state = this.#decode(opened.journal);
    return true;
  }

  /** The newest that can be read. */
  async #open(): Promise<void> {
    const broken = new Map<string, string>();
    for (const { path: name, term } of await termFiles(this.directory, "journal")) {
      const why = (await unusableFile(name)) ?? (await this.#tryOpen(name, term));
      if (why === undefined) {
        break;
      }
      broken.set(name, why);
    }
    this.#broken = broken;
  }

  /** Why it cannot be read. */
  async #tryOpen(name: string, term: number): Promise<string | undefined> {
    let journal: Journal | undefined;
    try {
      journal = await Journal.open(name);
      this.#state = this.#decode(journal);
      this.#opened = { path: name, term, journal };
      return undefined;
    } catch (error) {
      await journal?.close();
      return error instanceof BrokenJournalError
        ? error.message
        : `cannot be read: ${(error as Error).message}`;
    }
  }

  #decode(journal: Journal): FleetState {
    return this.#decoder.decode(journal.head, (key) => journal.read(key));
  }

  async #writeAll(): Promise<void> {
    while (this.#wanted !== undefined && this.#term !== undefined) {
      const state = this.#wanted;
      try {
        if (await this.#isSuperseded(this.#term)) {
          this.follow();
          return;
        }
        await this.#write(state, this.#term);
        for (const listener of this.#onCommit) {
          listener();
        }
        if (this.#wanted === state) {
          this.#wanted = undefined;
        }
        this.#pause.reset();
        if (this.#trouble !== undefined) {
          this.#trouble = undefined;
          this.#onNotice(`the state in ${this.directory} is written again`);
        }
      } catch (error) {
        this.#say(
          `the state in ${this.directory} cannot be written: ${reasonOf(error)}; the fleet is served on, and it is tried again`,
        );
        if (this.#closed.signal.aborted) {
          return;
        }
        await sleep(this.#pause.next(), undefined, { signal: this.#closed.signal, ref: false }).catch(
          () => {},
        );
      }
    }
  }

  async #write(state: FleetState, term: number): Promise<void> {
    const name = termFile(this.directory, "journal", term);
    const opened = this.#opened;
    if (opened?.path !== name) {
      await this.#begin(state, name, term, opened?.journal);
      return;
    }
    const batch = new Batch(opened.journal);
    await opened.journal.append(batch, this.#encoder.encode(state, batch));
    if (opened.journal.size > this.#usefulBytes * GROWTH + LEAST_GROWTH_BYTES) {
      await this.#begin(state, name, term, opened.journal);
      this.#encoder.prune(this.#opened!.journal);
    }
  }

  /** A new file that holds that state and nothing else. */
  async #begin(state: FleetState, name: string, term: number, from: Journal | undefined): Promise<void> {
    const batch = new Batch(from);
    const head = this.#encoder.encode(state, batch);
    const journal = await Journal.write(name, head, batch);
    this.#opened = { path: name, term, journal };
    this.#file++;
    this.#usefulBytes = journal.size;
    await from?.close();
    await removeBefore(this.directory, "journal", term);
  }

  async #isSuperseded(term: number): Promise<boolean> {
    const [newest] = await termFiles(this.directory, "journal");
    return newest !== undefined && newest.term > term;
  }

  #say(line: string): void {
    if (line !== this.#trouble) {
      this.#trouble = line;
      this.#onNotice(line);
    }
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT" ? "the disk is full" : message;
}
