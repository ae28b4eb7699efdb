/** The codes that Go's net/http has a name for: istiod takes these for status codes, wherever a retry names one. */

const NAMED: readonly (readonly [number, number])[] = [
  [100, 103],
  [200, 208],
  [226, 226],
  [300, 305],
  [307, 308],
  [400, 418],
  [421, 426],
  [428, 429],
  [431, 431],
  [451, 451],
  [500, 508],
  [510, 511],
];

/** As Go reads numbers, with zeros and a sign before them, too. */
export function isNamedStatusCode(text: string): boolean {
  const code = /^\+?\d+$/.test(text) ? Number(text) : -1;
  return NAMED.some(([first, last]) => first <= code && code <= last);
}
