/**
 * Limits on the rate of requests, as buckets of tokens that all workers share. Of a bucket only one number is kept: the time at which
 * it is full again. Each token that is taken puts that off by the time in which one comes back, and a bucket that is ahead of the
 * present by all of its tokens is empty (the generic cell rate algorithm).
 *
 * A limit by key has a set of buckets for each part of its clients, in the place of one bucket:
 *
 *     bucket   hash of the client (u64; 0: free) | when it is full (u64)
 *
 * A client that is new takes the place of the one whose bucket is full soonest. A full bucket is worth no more than none, so nobody
 * gains or loses by it as long as less clients than there are places have used their tokens of late.
 */

import { addressOfClient, clientAddressLength } from "./host/client-address";
import { now } from "./host/clock";
import { ANY_VERSION, readShared, sharedLength, sharedVersion, writeShared } from "./host/shared-data";
import * as layout from "./layout";
import { isList } from "./program/claims";
import { strings } from "./program/current";
import { hash64, mix64 } from "./program/hash";
import { lineLength, lineNext, lineText } from "./program/lines";
import { attributeLine } from "./program/request";

const BUCKET_SIZE: usize = 16;
const BUCKET_FULL: usize = 8;
/** Other workers may be faster so often before a request is let through: that many is no accident. */
const TRIES: i32 = 256;

const name = memory.data(40, 8);
const empty = memory.data(128, 8);

/** The client who has no name of its own, and who is not there. */
const NOBODY: u64 = 1;
const UNKNOWN: u64 = 0;

/** Takes a token of a LIMIT record's bucket for the request. False when there is none. */
export function takeToken(limit: usize): bool {
  const client = clientOf(limit);
  if (client == UNKNOWN) return true;
  const length = load<u32>(limit, layout.LIMIT_BUCKET_LENGTH);
  memory.copy(name, strings + load<u32>(limit, layout.LIMIT_BUCKET), length);
  let nameLength = <usize>length;
  let size = BUCKET_SIZE;
  if (load<u32>(limit, layout.LIMIT_BY) != layout.LIMIT_BY_NOTHING) {
    store<u16>(name + length, <u16>(client & (layout.LIMIT_SETS - 1)));
    nameLength += 2;
    size *= layout.LIMIT_WAYS;
  }
  const present = now();
  for (let tries = TRIES; tries; tries--) {
    let set = readShared(name, nameLength);
    if (!set || sharedLength != <u32>size) {
      // What is written first has no version to be told by, so it is read again.
      writeShared(name, nameLength, empty, size, ANY_VERSION);
      set = readShared(name, nameLength);
      if (!set) return true;
    }
    const bucket = findBucket(set, size, client);
    const isOwn = load<u64>(bucket) == client;
    const full = isOwn ? max(load<u64>(bucket, BUCKET_FULL), present) : present;
    if (full - present > load<u64>(limit, layout.LIMIT_AHEAD)) return false;
    store<u64>(bucket, client);
    store<u64>(bucket, full + load<u64>(limit, layout.LIMIT_TOKEN), BUCKET_FULL);
    if (writeShared(name, nameLength, set, size, sharedVersion)) return true;
  }
  return true;
}

/** That of a client, or the one that is full soonest. */
function findBucket(set: usize, size: usize, client: u64): usize {
  let soonest = set;
  for (let bucket = set; bucket < set + size; bucket += BUCKET_SIZE) {
    if (load<u64>(bucket) == client) return bucket;
    if (load<u64>(bucket, BUCKET_FULL) < load<u64>(soonest, BUCKET_FULL)) soonest = bucket;
  }
  return soonest;
}

/** Who asks, as a limit tells clients apart; `UNKNOWN` of a Unix socket, where it goes by addresses. */
function clientOf(limit: usize): u64 {
  const by = load<u32>(limit, layout.LIMIT_BY);
  if (by == layout.LIMIT_BY_NOTHING) return NOBODY;
  if (by == layout.LIMIT_BY_ADDRESS) {
    const address = addressOfClient();
    return clientAddressLength ? hashOf(address, clientAddressLength) : UNKNOWN;
  }
  const attribute = load<u32>(limit, layout.LIMIT_ATTRIBUTE);
  const first = attributeLine(attribute);
  if (!first) return mix64(NOBODY);
  if (by == layout.LIMIT_BY_CLAIM) {
    // Envoy's filter has no key for an empty text, nor for a list, even of a single one.
    return !lineLength(first) || isList(attribute)
      ? mix64(NOBODY)
      : hashOf(lineText(first), lineLength(first));
  }
  // Envoy's filter looks at all lines as one, with a comma between two.
  let length = lineLength(first);
  for (let line = lineNext(first); line; line = lineNext(line)) length += lineLength(line) + 1;
  return length > <i32>layout.LIMIT_KEY_MAX ? mix64(NOBODY) : hashOf(lineText(first), lineLength(first));
}

function hashOf(key: usize, length: i32): u64 {
  const hash = hash64(key, length);
  return hash ? hash : NOBODY;
}
