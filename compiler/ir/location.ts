/** Which answers that a proxy gives by itself say where something is. */

import type { DirectResponse, Redirect } from "./ir.ts";

/**
 * Envoy gives a `location` to what it answers with 201 or 3xx: of a redirect, where it leads to, else the URL that was
 * asked for (RFC 9110, section 10.2.2).
 */
export function hasLocation({ kind, status }: Redirect | DirectResponse): boolean {
  return kind === "redirect" || status === 201 || (status >= 300 && status < 400);
}
