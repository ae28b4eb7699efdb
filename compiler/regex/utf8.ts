/**
 * Sets of code points → automata over the bytes of their UTF-8. Built once for each set and shared between all
 * patterns: a node that leads to the same places is the same object.
 *
 * As RE2 does, a set that holds everything from U+0080 on also takes over-long forms (E0 80 80) and what lies
 * behind U+10FFFF (F4 90…): `.` needs six ranges instead of a dozen. Half a character, or a stray byte, never matches.
 */

/** Reads one byte. Way 0 is no way; way w leads to `children[w - 1]`, where undefined is the end of the character. */
export interface ByteNode {
  readonly id: number;
  readonly ways: Uint8Array;
  readonly children: readonly (ByteNode | undefined)[];
  /** How many nodes there are from here on, this one included. */
  readonly size: number;
}

type Sequence = readonly (readonly [low: number, high: number])[];

const nodes = new Map<string, ByteNode>();
const sets = new Map<string, ByteNode>();
/** The parser hands out the same object for copies of a repeated set, which may be long. */
const rootOf = new WeakMap<ArrayLike<number>, ByteNode>();
/** Both caches serve long-lived processes that watch rules: they start anew rather than grow for ever. */
const CACHE_MAX = 20_000;

/** The automaton of a set that has at least one code point; ranges are pairs of first and last, sorted. */
export function byteAutomaton(ranges: ArrayLike<number>): ByteNode {
  let root = rootOf.get(ranges);
  if (!root) {
    root = makeAutomaton(ranges);
    rootOf.set(ranges, root);
  }
  return root;
}

function makeAutomaton(ranges: ArrayLike<number>): ByteNode {
  const key = Array.prototype.join.call(ranges);
  let root = sets.get(key);
  if (!root) {
    if (sets.size > CACHE_MAX) sets.clear();
    const sequences: Sequence[] = [];
    for (let i = 0; i < ranges.length; i += 2) splitRange(ranges[i]!, ranges[i + 1]!, sequences);
    root = makeNode(sequences, 0);
    sets.set(key, root);
  }
  return root;
}

let nextId = 0;

function makeNode(sequences: readonly Sequence[], depth: number): ByteNode {
  const ways = new Uint8Array(256);
  const children: (ByteNode | undefined)[] = [];
  // Sequences are sorted, and two that begin with the same range stand together.
  for (let first = 0; first < sequences.length; ) {
    const [low, high] = sequences[first]![depth]!;
    let end = first + 1;
    while (end < sequences.length && sequences[end]![depth]![0] === low) end++;
    const child =
      sequences[first]!.length === depth + 1 ? undefined : makeNode(sequences.slice(first, end), depth + 1);
    let way = children.indexOf(child) + 1;
    if (way === 0) way = children.push(child);
    ways.fill(way, low, high + 1);
    first = end;
  }
  const key = `${children.map((child) => child?.id ?? "")}|${Buffer.from(ways).toString("latin1")}`;
  let node = nodes.get(key);
  if (!node) {
    if (nodes.size > CACHE_MAX) nodes.clear();
    node = { id: nextId++, ways, children, size: sizeOf(children) };
    nodes.set(key, node);
  }
  return node;
}

function sizeOf(children: readonly (ByteNode | undefined)[]): number {
  const seen = new Set<ByteNode>();
  const visit = (node: ByteNode | undefined) => {
    if (!node || seen.has(node)) return;
    seen.add(node);
    node.children.forEach(visit);
  };
  children.forEach(visit);
  return seen.size + 1;
}

const CONTINUATION = [0x80, 0xbf] as const;
/** Everything from U+0080 on, and more. */
const ALL_BEYOND_ASCII: readonly Sequence[] = [
  [[0xc2, 0xdf], CONTINUATION],
  [[0xe0, 0xef], CONTINUATION, CONTINUATION],
  [[0xf0, 0xf4], CONTINUATION, CONTINUATION, CONTINUATION],
];
/** The last code points of one, two and three bytes. */
const LAST_OF_LENGTH = [0x7f, 0x7ff, 0xffff];

/** Splits a range into ranges whose code points are exactly a product of byte ranges. */
function splitRange(low: number, high: number, into: Sequence[]): void {
  if (low === 0x80 && high === 0x10ffff) {
    into.push(...ALL_BEYOND_ASCII);
    return;
  }
  for (const last of LAST_OF_LENGTH) {
    if (low <= last && last < high) {
      splitRange(low, last, into);
      splitRange(last + 1, high, into);
      return;
    }
  }
  const length = lengthOf(low);
  for (let i = 1; i < length; i++) {
    const mask = (1 << (6 * i)) - 1;
    if ((low & ~mask) === (high & ~mask)) continue;
    if (low & mask) {
      splitRange(low, low | mask, into);
      splitRange((low | mask) + 1, high, into);
      return;
    }
    if ((high & mask) !== mask) {
      splitRange(low, (high & ~mask) - 1, into);
      splitRange(high & ~mask, high, into);
      return;
    }
  }
  const highBytes = encode(high, length);
  into.push(encode(low, length).map((byte, i) => [byte, highBytes[i]!]));
}

function lengthOf(rune: number): number {
  return 1 + LAST_OF_LENGTH.filter((last) => rune > last).length;
}

const LEADS = [0, 0, 0xc0, 0xe0, 0xf0];

/** Surrogates are encoded like any other code point: they stand inside ranges, and no text should hold them. */
function encode(rune: number, length: number): number[] {
  if (length === 1) return [rune];
  const bytes: number[] = [];
  for (let i = length - 1; i > 0; i--) {
    bytes.unshift(0x80 | (rune & 0x3f));
    rune >>= 6;
  }
  return [LEADS[length]! | rune, ...bytes];
}
