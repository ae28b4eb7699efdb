/**
 * The journal of the server that decides, as another one keeps it beside its own: so it serves what the other serves, and goes on
 * from it when it is its turn.
 */

import { constants } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { termFile, termFiles } from "../store/state-directory.ts";

/** It has private keys in it. */
const OWNER_ONLY = 0o600;

interface Copying {
  readonly file: FileHandle;
  readonly path: string;
  /** As many are a whole, which gets its name then. */
  readonly whole: number;
  written: number;
}

export class JournalCopy {
  readonly #directory: string;
  #copying: Copying | undefined;
  /** One write after the other. */
  #working: Promise<void> = Promise.resolve();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Whatever was copied before stays until this one is whole. */
  begin(term: number, bytes: number): Promise<void> {
    return this.#next(async () => {
      await this.#stop();
      const path = termFile(this.#directory, "journal", term);
      const flags = constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
      const file = await open(temporary(path), flags, OWNER_ONLY);
      this.#copying = { file, path, whole: bytes, written: 0 };
    });
  }

  /** What comes next; before something has begun, it is none of ours. */
  add(bytes: Uint8Array): Promise<void> {
    return this.#next(async () => {
      const copying = this.#copying;
      if (copying === undefined) {
        return;
      }
      const wasWhole = copying.written >= copying.whole;
      await copying.file.write(bytes, 0, bytes.length, copying.written);
      copying.written += bytes.length;
      if (!wasWhole && copying.written >= copying.whole) {
        await copying.file.datasync();
        await rename(temporary(copying.path), copying.path);
        await this.#removeOthers(copying.path);
      }
    });
  }

  /** What is whole stays. */
  end(): Promise<void> {
    return this.#next(() => this.#stop());
  }

  /** Whoever decides knows what holds, also where it is of a lower term because somebody has deleted what counted them. */
  async #removeOthers(path: string): Promise<void> {
    for (const other of await termFiles(this.#directory, "journal")) {
      if (other.path !== path) {
        await rm(other.path, { force: true });
      }
    }
  }

  async #stop(): Promise<void> {
    const copying = this.#copying;
    this.#copying = undefined;
    if (copying !== undefined) {
      await copying.file.close();
      if (copying.written < copying.whole) {
        await rm(temporary(copying.path), { force: true });
      }
    }
  }

  #next(work: () => Promise<void>): Promise<void> {
    const done = this.#working.then(work);
    this.#working = done.catch(() => {});
    return done;
  }
}

function temporary(path: string): string {
  return `${path}.copy`;
}
