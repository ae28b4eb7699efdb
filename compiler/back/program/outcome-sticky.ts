/** What a split is a function of, as a record. */

import * as layout from "../../../filter/layout.ts";
import type { Forward, Sticky } from "../../ir/ir.ts";
import { type Attributes, stickyHeader } from "./attributes.ts";
import { hash64 } from "./hash.ts";
import { words64 } from "./words.ts";
import type { BlobWriter } from "./writer.ts";

const SOURCES: Readonly<Record<Sticky["kind"], number>> = {
  header: layout.STICKY_BY_HEADER,
  cookie: layout.STICKY_BY_COOKIE,
  sourceIp: layout.STICKY_BY_ADDRESS,
};

/** The STICKY record of an action with several destinations, or 0. */
export function writeSticky(writer: BlobWriter, attributes: Attributes, action: Forward): number {
  const { sticky, destinations } = action;
  if (sticky === undefined) {
    return 0;
  }
  const header = stickyHeader(action);
  const name = writer.string(sticky.kind === "cookie" ? sticky.name : "");
  return writer.sharedRecord(layout.KIND_STICKY, [
    SOURCES[sticky.kind],
    header === undefined ? 0 : attributes.header(header),
    name.offset,
    name.length,
    ...stickyKeys(destinations.map(({ cluster }) => cluster)).flatMap(words64),
  ]);
}

/** One for each destination, from its name: where it stands in the list means nothing. */
function stickyKeys(clusters: readonly string[]): bigint[] {
  const seen = new Map<string, number>();
  return clusters.map((cluster) => {
    const before = seen.get(cluster) ?? 0;
    seen.set(cluster, before + 1);
    return hash64(Buffer.from(before === 0 ? cluster : `${cluster} ${before}`));
  });
}
