/** A small file that somebody else replaces while this process runs: the kubelet a token, a tool a certificate. */

import { EnvironmentError } from "../../platform/error.ts";
import { readAtMost, whyUnreadable } from "../../source/bounded.ts";

/** Bytes; a bundle of authorities is a fraction of it. */
const LARGEST_FILE = 1 << 20;
/** What is replaced is replaced long before it expires, so what was read some seconds ago holds. */
const FRESH_MS = 10_000;

export class FreshFile {
  readonly name: string;
  readonly #what: string;
  readonly #now: () => number;
  #text: string | undefined;
  #staleAt = 0;

  /** `what` is its place in messages, such as `client-key of user "admin" in /home/me/.kube/config`. */
  constructor(name: string, what: string, now: () => number = Date.now) {
    this.name = name;
    this.#what = what;
    this.#now = now;
  }

  /** Throws an `EnvironmentError` when it cannot be read, and never could. */
  text(): string {
    if (this.#text === undefined || this.#now() >= this.#staleAt) {
      this.#text = this.#read(this.#text);
      this.#staleAt = this.#now() + FRESH_MS;
    }
    return this.#text;
  }

  /** What was read is of no use: the next call reads again. */
  refresh(): void {
    this.#staleAt = 0;
  }

  /** A file that is gone for a moment, while it is replaced, takes nothing away. */
  #read(before: string | undefined): string {
    try {
      return Buffer.from(readAtMost(this.name, LARGEST_FILE)).toString();
    } catch (error) {
      if (before !== undefined) {
        return before;
      }
      throw new EnvironmentError(`${this.#what}: ${this.name} cannot be read: ${whyUnreadable(error)}`);
    }
  }
}
