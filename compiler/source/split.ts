/**
 * Cuts a file into pieces that can be parsed one by one, each from one `---` line to the next, so that a change costs no more
 * than its own piece. Only where a cut cannot change what a piece means. Objects of JSON need nothing between them.
 */

import { jsonObjects } from "./json-stream.ts";

/** Directives, which may reach beyond a document; `...`, which ends one without a next; content on the marker's line. */
const UNCUTTABLE = /(?:^|\n)(?:%|\.\.\.(?:[ \t\r\n]|$)|---[ \t]+[^# \t\r\n])/;
const MARKER = /\n---(?=[ \t\r\n]|$)/g;

/** The offsets at which the pieces begin, the first of them 0; `undefined` for a file that has to stay whole. */
export function splitDocuments(text: string): number[] | undefined {
  const objects = jsonObjects(text);
  if (objects !== undefined) {
    return objects;
  }
  if (UNCUTTABLE.test(text) || text.includes("\ufeff")) {
    return undefined;
  }
  const starts = [0];
  for (const { index } of text.matchAll(MARKER)) {
    starts.push(index + 1);
  }
  return starts;
}
