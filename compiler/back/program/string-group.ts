/**
 * Strings that nothing else in a program is likely to be, such as the names of one service. How they lie together does not depend on
 * where they come to stand, so it is found once for all programs that they are in.
 */

import { bytesAsText, isAsciiText } from "./byte-text.ts";

export interface StringGroup {
  /** The bytes of all of them, each as one character. */
  readonly bytes: string;
  /** Where in it each of them is, in the order in which they were given. */
  readonly offsets: readonly number[];
  /** In bytes. */
  readonly lengths: readonly number[];
}

/** What another of them begins with takes no room of its own. */
export function stringGroup(texts: readonly string[]): StringGroup {
  const own = isAsciiText(texts.join("")) ? texts : texts.map(bytesAsText);
  const offsets = new Array<number>(own.length);
  // Backwards: what begins with a text comes after it.
  const order = own.map((_, index) => index).sort((a, b) => (own[a]! < own[b]! ? 1 : -1));
  let bytes = "";
  let longer = "";
  let offset = 0;
  for (const index of order) {
    const text = own[index]!;
    if (!longer.startsWith(text)) {
      offset = bytes.length;
      bytes += text;
    }
    offsets[index] = offset;
    longer = text;
  }
  return { bytes, offsets, lengths: own.map(({ length }) => length) };
}
