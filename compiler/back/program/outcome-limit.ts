/** A limit on the rate of requests, as a record: what is met before a route's faults, and before where it leads. */

import { createHash } from "node:crypto";
import * as layout from "../../../filter/layout.ts";
import { claimName } from "../../ir/authentication.ts";
import type { HeaderMutation, Route } from "../../ir/ir.ts";
import { onlyDestination } from "../../ir/only-destination.ts";
import { type LimitKey, longestWaitSeconds, type RateLimit } from "../../ir/rate-limit.ts";
import type { Attributes } from "./attributes.ts";
import { linesInPlaceOf, writeLines } from "./outcome-lines.ts";
import { words64 } from "./words.ts";
import type { BlobWriter } from "./writer.ts";

const NS_PER_MS = 1_000_000;

/** The LIMIT record of a route. `listener`: where its bucket is one. `fault`: the FAULT record behind it, or 0. */
export function writeLimit(
  writer: BlobWriter,
  attributes: Attributes,
  listener: string,
  route: Route,
  limit: RateLimit,
  fault: number,
): number {
  const { requests, periodMs, burst, by } = limit;
  const token = BigInt(Math.max(1, Math.round((periodMs * NS_PER_MS) / requests)));
  const bucket = writer.string(bucketName(listener, limit));
  return writer.sharedRecord(layout.KIND_LIMIT, [
    fault,
    ...words64(token),
    ...words64(token * BigInt(burst - 1)),
    by === undefined ? layout.LIMIT_BY_NOTHING : KINDS[by.kind],
    attributeOf(by, attributes),
    bucket.offset,
    bucket.length,
    ...linesOfAnswers(writer, route, limit),
  ]);
}

const KINDS: Readonly<Record<LimitKey["kind"], number>> = {
  clientAddress: layout.LIMIT_BY_ADDRESS,
  header: layout.LIMIT_BY_HEADER,
  claim: layout.LIMIT_BY_CLAIM,
};

function attributeOf(by: LimitKey | undefined, attributes: Attributes): number {
  switch (by?.kind) {
    case "header":
      return attributes.header(by.name);
    case "claim":
      return attributes.claim(by.path);
    default:
      return 0;
  }
}

/**
 * What the bucket is called among all that workers share. Not by its size: a limit that is changed goes on where it was. But by its
 * key, whose buckets are others.
 */
function bucketName(listener: string, { bucket, by }: RateLimit): string {
  const digest = createHash("sha256").update(JSON.stringify([listener, bucket, nameOfKey(by)]));
  return `limit ${digest.digest("base64url").slice(0, 22)}`;
}

function nameOfKey(by: LimitKey | undefined): string {
  switch (by?.kind) {
    case "header":
      return `header:${by.name}`;
    case "claim":
      return claimName(by.path);
    default:
      return by?.kind ?? "";
  }
}

/** One list for all destinations, or where they have headers of their own one for each. */
function linesOfAnswers(writer: BlobWriter, route: Route, limit: RateLimit): number[] {
  const { action } = route;
  const retryAfter: HeaderMutation = {
    remove: [],
    write: [{ name: "retry-after", value: String(longestWaitSeconds(limit)), append: false }],
  };
  if (action.kind !== "forward") {
    // Envoy gives the headers of a route that answers to that answer only.
    return [writeLines(writer, linesInPlaceOf({}, undefined, retryAfter))];
  }
  const hasOwn =
    onlyDestination(action) === undefined &&
    action.destinations.some(({ responseHeaders }) => responseHeaders !== undefined);
  return hasOwn
    ? action.destinations.map((destination) =>
        writeLines(writer, linesInPlaceOf(route, destination, retryAfter)),
      )
    : [writeLines(writer, linesInPlaceOf(route, undefined, retryAfter))];
}
