/** Lower case as Envoy makes it: of the letters of ASCII, and no others. */
export function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
