/**
 * Root contexts: each has one program. There are few (one for each listener, two during a reload), in a list.
 *
 *     root   id | next | program | streams that wait | deleted | whether it is a guest's
 *
 * A program is freed with its root, but not before the last request that waits under it is gone.
 */

import { heapAlloc, heapFree } from "./host/memory";

const ROOT_SIZE: usize = 24;
let first: usize = 0;

export function addRoot(id: u32): void {
  const root = heapAlloc(ROOT_SIZE);
  if (!root) unreachable();
  memory.fill(root, 0, ROOT_SIZE);
  store<u32>(root, id);
  store<u32>(root, <u32>first, 4);
  first = root;
}

/** The root of an id, or 0. */
export function findRoot(id: u32): usize {
  let root = first;
  while (root && load<u32>(root) != id) root = load<u32>(root, 4);
  return root;
}

/** The id of the newest root that is left, or 0. */
export function anyRoot(): u32 {
  return first ? load<u32>(first) : 0;
}

/** Its program, or 0 while it has none. */
export function rootProgram(root: usize): usize {
  return <usize>load<u32>(root, 8);
}

/** Replaces the program. The old one is freed. */
export function setRootProgram(root: usize, program: usize, isGuest: bool): void {
  heapFree(rootProgram(root));
  store<u32>(root, <u32>program, 8);
  store<u32>(root, u32(isGuest), 20);
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
  const waiting = load<u32>(root, 12) - 1;
  store<u32>(root, waiting, 12);
  if (!waiting && load<u32>(root, 16)) freeRoot(root);
}

export function deleteRoot(root: usize): void {
  let previous: usize = 0;
  for (let other = first; other != root; other = load<u32>(other, 4)) previous = other;
  if (previous) store<u32>(previous, load<u32>(root, 4), 4);
  else first = load<u32>(root, 4);
  store<u32>(root, 1, 16);
  if (!load<u32>(root, 12)) freeRoot(root);
}

function freeRoot(root: usize): void {
  heapFree(rootProgram(root));
  heapFree(root);
}
