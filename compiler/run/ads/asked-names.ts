/**
 * The names that one client asks for. Thousands of clients ask for the same thousands of names: as soon as a client asks for just those
 * that are offered, it has one set of them in common with all others, and only what differs from it is its own.
 */

import type { Resources } from "./changes.ts";

/** Fewer cost no more than what is shared. */
const WORTH_SHARING = 16;

const NO_NAMES: ReadonlySet<string> = new Set();

export class AskedNames {
  /** With others. */
  #shared = NO_NAMES;
  readonly #more = new Set<string>();
  /** Of the shared ones. */
  readonly #without = new Set<string>();

  has(name: string): boolean {
    return this.#more.has(name) || (this.#shared.has(name) && !this.#without.has(name));
  }

  add(name: string): void {
    this.#without.delete(name);
    if (!this.#shared.has(name)) {
      this.#more.add(name);
    }
  }

  delete(name: string): void {
    this.#more.delete(name);
    if (this.#shared.has(name)) {
      this.#without.add(name);
    }
  }

  /** Has them in common with others if they are just these. Costs nothing where there is little to gain. */
  share(offered: Resources): void {
    const size = this.#more.size + this.#shared.size - this.#without.size;
    if (this.#more.size + this.#without.size < WORTH_SHARING || size !== offered.size) {
      return;
    }
    const names = namesOf(offered);
    for (const name of names) {
      if (!this.has(name)) {
        return;
      }
    }
    this.#shared = names;
    this.#more.clear();
    this.#without.clear();
  }
}

/** By the resources: the names alone are kept for as long as a client asks for them. */
const names = new WeakMap<Resources, ReadonlySet<string>>();

function namesOf(resources: Resources): ReadonlySet<string> {
  const known = names.get(resources) ?? new Set(resources.keys());
  names.set(resources, known);
  return known;
}
