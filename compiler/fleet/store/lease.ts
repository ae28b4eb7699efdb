/**
 * A lock on a folder that several servers share, made of files alone: `lease-N` is the term N, and belongs to whoever made it,
 * which the file system grants to one. Its holder touches it; when its time stands still, or its process is known to have ended,
 * somebody makes `lease-N+1`. So the number of a term fences: whoever was stopped for a while and wakes up finds a higher one, and
 * what it writes under its own number nobody reads any more.
 *
 * Needed of the file system: that making a file that is there fails (as on every local one, and on NFS from version 3 on), and that others
 * see a new file and its time within seconds (NFS: `actimeo` below 5 s).
 */

import { open, readFile, rm, stat, utimes } from "node:fs/promises";
import type { Leadership } from "./leadership.ts";
import { hasEnded, identityOf, type ProcessIdentity } from "./process-identity.ts";
import { GONE_AFTER_MS, Pulse, TOUCH_EVERY_MS } from "./pulse.ts";
import {
  type OnNotice,
  prepareStateDirectory,
  removeBefore,
  type TermFile,
  termFile,
  termFiles,
} from "./state-directory.ts";

/** How often one that does not hold it looks. */
const LOOK_EVERY_MS = 500;
/** Gives itself up before anybody else can take it. */
const SURE_MS = GONE_AFTER_MS - 2 * TOUCH_EVERY_MS;
const OWNER_ONLY = 0o600;

interface Held {
  readonly term: number;
  readonly path: string;
  /** When its file was touched last, by a clock that only goes forward. */
  touched: number;
}

export class FileLease implements Leadership {
  readonly #directory: string;
  readonly #onNotice: OnNotice;
  readonly #pulse = new Pulse();
  #held: Held | undefined;
  #onChange: (term: number | undefined) => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();
  #isClosed = false;
  #notice: string | undefined;

  /** `directory` is prepared (`state-directory.ts`). */
  constructor(directory: string, onNotice: OnNotice) {
    this.#directory = directory;
    this.#onNotice = onNotice;
  }

  get term(): number | undefined {
    const held = this.#held;
    return held !== undefined && performance.now() - held.touched < SURE_MS ? held.term : undefined;
  }

  start(onChange: (term: number | undefined) => void): Promise<void> {
    this.#onChange = onChange;
    this.#working = this.#work();
    return this.#working;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#working;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) {
      await rm(held.path, { force: true }).catch(() => {});
    }
  }

  async #work(): Promise<void> {
    const begun = this.#held;
    try {
      if (begun === undefined) {
        await this.#tryToTake();
      } else {
        await this.#touch(begun);
      }
      this.#notice = undefined;
    } catch (error) {
      this.#say(`the lock in the state directory ${this.#directory}: ${(error as Error).message}`);
    }
    const held = this.#held;
    if (held !== undefined && this.term === undefined) {
      this.#held = undefined;
    }
    if (this.#held !== begun && !this.#isClosed) {
      this.#onChange(this.#held?.term);
    }
    if (!this.#isClosed) {
      const pause = this.#held === undefined ? LOOK_EVERY_MS : TOUCH_EVERY_MS;
      this.#timer = setTimeout(() => {
        this.#working = this.#work();
      }, pause);
    }
  }

  async #tryToTake(): Promise<void> {
    const [newest] = await this.#leases();
    if (newest !== undefined && !(await this.#isGone(newest.path))) {
      return;
    }
    const [journal] = await termFiles(this.#directory, "journal");
    const term = Math.max(newest?.term ?? 0, journal?.term ?? 0) + 1;
    const path = termFile(this.#directory, "lease", term);
    const touched = performance.now();
    if (!(await make(path, await identityOf(process.pid)))) {
      return;
    }
    // Whoever was faster may have removed older ones, this number among them.
    if (await this.#isSuperseded(term)) {
      await rm(path, { force: true });
      return;
    }
    this.#held = { term, path, touched };
    await removeBefore(this.#directory, "lease", term);
  }

  async #touch(held: Held): Promise<void> {
    const touching = performance.now();
    const now = new Date();
    try {
      await utimes(held.path, now, now);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
        throw error;
      }
      this.#held = undefined;
      return;
    }
    if (await this.#isSuperseded(held.term)) {
      this.#held = undefined;
    } else {
      held.touched = touching;
    }
  }

  /** Somebody may have removed the folder while everything runs. */
  async #leases(): Promise<TermFile[]> {
    try {
      return await termFiles(this.#directory, "lease");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
        throw error;
      }
      await prepareStateDirectory(this.#directory, this.#onNotice);
      return [];
    }
  }

  async #isSuperseded(term: number): Promise<boolean> {
    const [newest] = await termFiles(this.#directory, "lease");
    return newest !== undefined && newest.term > term;
  }

  async #isGone(path: string): Promise<boolean> {
    try {
      const { mtimeMs } = await stat(path);
      if (!this.#pulse.isAlive(path, mtimeMs, performance.now())) {
        return true;
      }
      const identity = parse(await readFile(path, "utf8"));
      return identity !== undefined && (await hasEnded(identity));
    } catch (error) {
      // It was given up just now.
      return (error as NodeJS.ErrnoException).code === "ENOENT";
    }
  }

  #say(line: string): void {
    if (line !== this.#notice) {
      this.#notice = line;
      this.#onNotice(line);
    }
  }
}

/** False when somebody else has made it. Who made it is a help, not needed: on a full disk the file is empty, and holds. */
async function make(path: string, identity: ProcessIdentity | undefined): Promise<boolean> {
  const file = await open(path, "wx", OWNER_ONLY).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EEXIST") {
      return undefined;
    }
    throw error;
  });
  if (file === undefined) {
    return false;
  }
  try {
    await file.writeFile(JSON.stringify(identity ?? {})).catch(() => {});
  } finally {
    await file.close();
  }
  return true;
}

function parse(text: string): ProcessIdentity | undefined {
  try {
    const { world, pid, start } = JSON.parse(text) as Partial<ProcessIdentity>;
    return world !== undefined && pid !== undefined && start !== undefined
      ? { world, pid, start }
      : undefined;
  } catch {
    return undefined;
  }
}
