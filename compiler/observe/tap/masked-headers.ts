/** Values of headers that let whoever knows them pass for somebody else: nobody who looks at requests is shown them. */

import type { HeaderLine } from "../../answers/request/wire.ts";

/** In the place of a value. */
export const MASK = "(masked)";

const CREDENTIALS =
  /^(?:cookie|set-cookie)$|auth|token|secret|passw|credential|session|signature|api-?key|jwt/;

export function isCredential(name: string): boolean {
  return CREDENTIALS.test(name.toLowerCase());
}

export function masked(headers: readonly HeaderLine[]): HeaderLine[] {
  return headers.map(([name, value]) => [name, isCredential(name) ? MASK : value]);
}
