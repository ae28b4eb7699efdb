/** The limit on what is read of one answer. */

import { EnvironmentError } from "../../platform/error.ts";

/** An answer has more than is read of one. */
export class AnswerTooLargeError extends EnvironmentError {
  /** `most` in bytes. */
  constructor(path: string, most: number) {
    super(`the answer to ${path} has more than ${most >> 20} MB, the most that is read`);
    this.name = "AnswerTooLargeError";
  }
}
