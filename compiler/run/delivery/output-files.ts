/** Files to be written somewhere, as they are handed from whoever makes them to whoever writes them. */

import { Confidential } from "../../ir/confidential.ts";

/** What is `Confidential` has keys in it, and is for its owner only. */
export type FileContents = string | Uint8Array | Confidential;

/** Contents by path relative to the directory, with `/` between segments. */
export type OutputFiles = ReadonlyMap<string, FileContents>;

const OWNER_ONLY = 0o600;

export function isForOwnerOnly(contents: FileContents): boolean {
  return contents instanceof Confidential;
}

/** The mode that the file is made with; `undefined` leaves it to the system. */
export function modeOf(contents: FileContents): number | undefined {
  return isForOwnerOnly(contents) ? OWNER_ONLY : undefined;
}

/** What the file will hold. */
export function bytesOf(contents: FileContents): Uint8Array {
  if (contents instanceof Uint8Array) {
    return contents;
  }
  return Buffer.from(contents instanceof Confidential ? contents.reveal() : contents);
}
