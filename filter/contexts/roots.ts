/**
 * Root contexts: each has one program. There are few (one for each listener, two during a reload), in a list.
 *
 *     root   id | next | program | streams that wait | deleted | whether it is a guest's | counters, or 0
 *
 * A program is freed with its root, but not before the last request that waits under it is gone, and what it counted is told.
 */

import { heapAlloc, heapFree } from "../host/memory";
import { equalBytes } from "../host/text";
import * as layout from "../layout";

const ROOT_SIZE: usize = 28;
let first: usize = 0;

export function addRoot(id: u32): void {
  const root = heapAlloc(ROOT_SIZE);
  if (!root) unreachable();
  memory.fill(root, 0, ROOT_SIZE);
  store<u32>(root, id);
  store<u32>(root, <u32>first, 4);
  first = root;
}

/** The root of an id that is not deleted, or 0. */
export function findRoot(id: u32): usize {
  let root = first;
  while (root && (load<u32>(root) != id || load<u32>(root, 16))) root = load<u32>(root, 4);
  return root;
}

/** The id of the newest root that is not deleted, or 0. */
export function anyRoot(): u32 {
  let root = first;
  while (root && load<u32>(root, 16)) root = load<u32>(root, 4);
  return root ? load<u32>(root) : 0;
}

/** Whether no other root is left. */
export function isOnlyRoot(root: usize): bool {
  for (let other = first; other; other = <usize>load<u32>(other, 4)) {
    if (other != root && !load<u32>(other, 16)) return false;
  }
  return true;
}

/** The newest root, also of those that are deleted and not yet done; 0 when there is none. */
export function firstRoot(): usize {
  return first;
}

/** The next older one, or 0. */
export function nextRoot(root: usize): usize {
  return <usize>load<u32>(root, 4);
}

export function rootId(root: usize): u32 {
  return load<u32>(root);
}

/** Its program, or 0 while it has none. */
export function rootProgram(root: usize): usize {
  return <usize>load<u32>(root, 8);
}

/** What it counts in, or 0. */
export function rootCounters(root: usize): usize {
  return <usize>load<u32>(root, 24);
}

/** Replaces the program and what it counts in. The old ones are freed. */
export function setRootProgram(root: usize, program: usize, counters: usize, isGuest: bool): void {
  heapFree(rootProgram(root));
  heapFree(rootCounters(root));
  store<u32>(root, <u32>program, 8);
  store<u32>(root, <u32>counters, 24);
  store<u32>(root, u32(isGuest), 20);
}

/** Whether no newer root, or none that is left, is for the same listener. */
export function isNewestOfListener(root: usize): bool {
  return newestLike(root, false) == root;
}

/** The newest root that is left and is for the same listener as one that has a program, which may be that one; or 0. */
export function newestLike(root: usize, isOther: bool): usize {
  const program = rootProgram(root);
  for (let other = first; other; other = <usize>load<u32>(other, 4)) {
    const its = rootProgram(other);
    if (its && !load<u32>(other, 16) && !(isOther && other == root) && isSameListener(its, program))
      return other;
  }
  return 0;
}

function isSameListener(a: usize, b: usize): bool {
  const length = load<u32>(a, layout.HEADER_LISTENER_LENGTH);
  return (
    length == load<u32>(b, layout.HEADER_LISTENER_LENGTH) && equalBytes(listenerOf(a), listenerOf(b), length)
  );
}

function listenerOf(program: usize): usize {
  return program + load<u32>(program, layout.HEADER_STRINGS) + load<u32>(program, layout.HEADER_LISTENER);
}

/** Whether others write the routes of its Envoy. */
export function isGuestRoot(root: usize): bool {
  return load<u32>(root, 20) != 0;
}

/** Counts a request that waits. */
export function holdRoot(root: usize): void {
  store<u32>(root, load<u32>(root, 12) + 1, 12);
}

/** Counts one less. */
export function releaseRoot(root: usize): void {
  store<u32>(root, load<u32>(root, 12) - 1, 12);
}

/** Marks it as gone; `freeIfDone` has to follow. */
export function deleteRoot(root: usize): void {
  store<u32>(root, 1, 16);
}

/** Whether it is gone: the host calls no tick of it any more. */
export function isDeleted(root: usize): bool {
  return load<u32>(root, 16) != 0;
}

/** Frees a root that is gone, and for which no request waits. What it counted must have been told. */
export function freeIfDone(root: usize): void {
  if (!load<u32>(root, 16) || load<u32>(root, 12)) return;
  let previous: usize = 0;
  for (let other = first; other != root; other = load<u32>(other, 4)) previous = other;
  if (previous) store<u32>(previous, load<u32>(root, 4), 4);
  else first = load<u32>(root, 4);
  heapFree(rootProgram(root));
  heapFree(rootCounters(root));
  heapFree(root);
}
