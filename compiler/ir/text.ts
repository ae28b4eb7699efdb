/**
 * What two texts have to do with each other, for whoever reads or writes the IR: how Envoy folds case, and an order
 * that is the same on every machine. Neither may depend on a locale: equal rules are equal bytes everywhere.
 */

/** Lower case as Envoy makes it: of the letters of ASCII, and no others. */
export function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Order by UTF-16 code units. */
export function compareStrings(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
