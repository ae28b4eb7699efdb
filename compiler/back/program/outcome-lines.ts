/** The headers of an answer, as a record. */

import * as layout from "../../../filter/layout.ts";
import { type Line, linesOf } from "../../ir/header-values.ts";
import type { Destination, HeaderMutation, Route } from "../../ir/ir.ts";
import type { BlobWriter } from "./writer.ts";

/**
 * What an answer in place of a destination says: a route's headers are those of every answer. `own`: what the answer itself
 * has, and has the last word on.
 */
export function linesInPlaceOf(
  route: Pick<Route, "responseHeaders">,
  destination?: Destination,
  own?: HeaderMutation,
): Line[] {
  return linesOf([destination?.responseHeaders, route.responseHeaders, own]);
}

/** In the form in which the host takes them, so that nothing is put together while a request waits. */
export function writeLines(writer: BlobWriter, lines: readonly Line[]): number {
  if (lines.length === 0) {
    return 0;
  }
  const texts = lines.flat().map((text) => Buffer.from(text));
  const length = 4 + texts.reduce((sum, text) => sum + 4 + text.length + 1, 0);
  const bytes = new DataView(new ArrayBuffer((length + 3) & ~3));
  bytes.setUint32(0, lines.length, true);
  let at = 4 + texts.length * 4;
  for (const [index, text] of texts.entries()) {
    bytes.setUint32(4 + index * 4, text.length, true);
    new Uint8Array(bytes.buffer).set(text, at);
    at += text.length + 1;
  }
  const words = Array.from({ length: bytes.byteLength / 4 }, (_, index) => bytes.getUint32(index * 4, true));
  return writer.sharedRecord(layout.KIND_LINES, [length, ...words]);
}
