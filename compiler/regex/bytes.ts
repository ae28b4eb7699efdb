/**
 * Sets of bytes, as what an automaton reads. Built once for each set and shared between all patterns: what reads the
 * same is the same object.
 */

/** Reads one byte. Way 0 is no way; way 1 is that of the bytes in the set. */
export interface ByteNode {
  readonly id: number;
  readonly ways: Uint8Array;
  readonly wayCount: number;
}

const nodes = new Map<string, ByteNode>();
/** The parser hands out the same object for copies of a repeated set. */
const nodeOf = new WeakMap<ArrayLike<number>, ByteNode>();
/** The cache serves long-lived processes that watch rules: it starts anew rather than grow for ever. */
const CACHE_MAX = 20_000;

let nextId = 0;

/** The node of a set that has at least one byte; ranges are pairs of first and last, sorted. */
export function byteNode(ranges: ArrayLike<number>): ByteNode {
  let node = nodeOf.get(ranges);
  if (!node) {
    node = makeNode(ranges);
    nodeOf.set(ranges, node);
  }
  return node;
}

function makeNode(ranges: ArrayLike<number>): ByteNode {
  const key = Array.prototype.join.call(ranges);
  let node = nodes.get(key);
  if (!node) {
    if (nodes.size > CACHE_MAX) {
      nodes.clear();
    }
    const ways = new Uint8Array(256);
    for (let i = 0; i < ranges.length; i += 2) {
      ways.fill(1, ranges[i], ranges[i + 1]! + 1);
    }
    node = { id: nextId++, ways, wayCount: 1 };
    nodes.set(key, node);
  }
  return node;
}
