/** A text that must not be seen by accident: printed, logged or written as JSON it is `(hidden)`. */

import { inspect } from "node:util";

const HIDDEN = "(hidden)";

/** A text with a key in it; `reveal()` gives it. */
export class Confidential {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** For the one file that it has to be written into. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}
