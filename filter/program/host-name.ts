/**
 * The virtual host of a request: the exact domain, else the longest wildcard suffix, else `*`.
 */

import { arenaAlloc } from "../host/memory";
import { copyLower } from "../host/text";
import * as layout from "../layout";
import { program } from "./current";
import { hashFinish, hashStep } from "./hash";
import { NOT_FOUND, tableFind, tableFindHashed } from "./table";

/** Whether the last authority that was asked for has a virtual host. */
export let isHostKnown: bool = false;

/** Root node for an authority; NODE_NONE when no virtual host has it (or has no routes). */
export function findHost(authority: usize, length: i32): u32 {
  isHostKnown = true;
  const domains = load<u32>(program, layout.HEADER_DOMAINS);
  const suffixes = load<u32>(program, layout.HEADER_SUFFIXES);
  if (domains | suffixes) {
    const flags = load<u32>(program, layout.HEADER_FLAGS);
    if (flags & layout.FLAG_IGNORE_PORT) length = lengthWithoutPort(authority, length);
    const host = arenaAlloc(length);
    copyLower(host, authority, length);
    const exact = tableFind(domains, host, length);
    if (exact != NOT_FOUND) return exact;
    if (suffixes) {
      const found = findSuffix(suffixes, host, length, (flags & layout.FLAG_UNALIGNED_SUFFIXES) != 0);
      if (found != NOT_FOUND) return found;
    }
  }
  const node = load<u32>(program, layout.HEADER_DEFAULT_NODE);
  isHostKnown = node != layout.NODE_NONE;
  return node;
}

/** A wildcard stands for at least one byte, so the suffix never begins at the host's first. */
function findSuffix(table: u32, host: usize, length: i32, everywhere: bool): u32 {
  let found = NOT_FOUND;
  let hash: u32 = layout.HASH_SEED;
  for (let at = length - 1; at > 0; at--) {
    const byte = load<u8>(host + at);
    hash = hashStep(hash, byte);
    if (byte == 0x2e /* . */ || everywhere) {
      const value = tableFindHashed(table, host + at, length - at, hashFinish(hash));
      if (value != NOT_FOUND) found = value;
    }
  }
  return found;
}

/** Cuts `:port` as Envoy does: from the last colon, unless it is inside the brackets of an IPv6 address. */
function lengthWithoutPort(authority: usize, length: i32): i32 {
  for (let at = length - 1; at >= 0; at--) {
    const byte = load<u8>(authority + at);
    if (byte == 0x3a /* : */) return at;
    if (byte == 0x5d /* ] */) break;
  }
  return length;
}
