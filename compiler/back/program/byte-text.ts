/** Strings as the bytes that they are in UTF-8, each byte as one character. */

/** Whether a string is its own bytes, as nearly every one is. */
export function isAsciiText(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

export function bytesAsText(text: string): string {
  return Buffer.from(text).toString("latin1");
}
