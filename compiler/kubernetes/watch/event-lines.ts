/** Bytes of a watch → its lines, wherever the network has cut them. A line is an event; one that is too long is refused. */

import { EnvironmentError } from "../../platform/error.ts";

/** Bytes. An object has at most some 1.5 MB, as much as etcd takes; as JSON of an event it is not much more. */
export const LONGEST_LINE = 8 << 20;

/** A watch sends a line that is longer than any event of an API server. */
export class LineTooLongError extends EnvironmentError {
  constructor(what: string, most: number) {
    super(`an event of ${what} has more than ${most >> 20} MB, the most that is read`);
    this.name = "LineTooLongError";
  }
}

export class EventLines {
  readonly #what: string;
  readonly #most: number;
  #parts: Buffer[] = [];
  #length = 0;

  /** `what` is watched, for messages. */
  constructor(what: string, most = LONGEST_LINE) {
    this.#what = what;
    this.#most = most;
  }

  /** The lines that end in this chunk. Throws a `LineTooLongError`. */
  take(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      this.#keep(chunk.subarray(start, end));
      const line = Buffer.concat(this.#parts).toString().trim();
      if (line !== "") {
        lines.push(line);
      }
      this.#parts = [];
      this.#length = 0;
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return lines;
  }

  #keep(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.#most) {
      throw new LineTooLongError(this.#what, this.#most);
    }
    if (part.length > 0) {
      this.#parts.push(part);
    }
  }
}
