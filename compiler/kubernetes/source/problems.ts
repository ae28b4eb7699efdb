/** What is wrong with watching, said once: a server that is away is away for all kinds. */

import type { Obstacle } from "../watch/list-watch.ts";

export class Problems {
  readonly #onProblem: (line: string, what: Obstacle) => void;
  /** Who says so, by line. */
  readonly #said = new Map<string, Set<object>>();
  #next: (() => void)[] = [];

  constructor(onProblem: (line: string, what: Obstacle) => void) {
    this.#onProblem = onProblem;
  }

  tell(who: object, line: string, what: Obstacle): void {
    this.over(who);
    const known = this.#said.get(line);
    this.#said.set(line, (known ?? new Set()).add(who));
    if (known === undefined) {
      this.#onProblem(line, what);
    }
    const waiting = this.#next;
    this.#next = [];
    for (const resolve of waiting) {
      resolve();
    }
  }

  over(who: object): void {
    for (const [line, all] of this.#said) {
      all.delete(who);
      if (all.size === 0) {
        this.#said.delete(line);
      }
    }
  }

  /** Resolves when there is another one. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#next.push(resolve));
  }
}
