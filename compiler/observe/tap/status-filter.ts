/** Which statuses somebody wants to see: `503`, or a class such as `5xx`. */

import { TapError } from "./tap-error.ts";

const WANTED = /^(?:[1-5]xx|[1-5]\d\d|0)$/;

/** Throws a `TapError` for what is no status. Nothing wanted: all. */
export function statusFilter(wanted: string | undefined): (status: number) => boolean {
  if (wanted === undefined) {
    return () => true;
  }
  const text = wanted.toLowerCase();
  if (!WANTED.test(text)) {
    throw new TapError(
      `"${wanted}" is not a status; use one such as 503, a class such as 5xx, or 0 for clients that left`,
    );
  }
  return text.endsWith("xx")
    ? (status) => Math.floor(status / 100) === Number(text[0])
    : (status) => status === Number(text);
}
