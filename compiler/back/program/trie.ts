/**
 * Radix trees of prefixes in a blob.
 */

import * as layout from "../../../filter/layout.ts";
import type { BlobWriter, PooledString } from "./writer.ts";

/** What is found where a prefix ends. */
export interface Terminal<Value> {
  readonly value: Value;
  /** The word in the blob: a node, or a list. */
  readonly reference: number;
  /** The smallest route that can be found here. */
  readonly min: number;
  /** Shorter prefixes have nothing to add: they are not looked at. */
  readonly complete: boolean;
}

/**
 * Makes the terminal of a prefix, given those of the shorter prefixes of the same text, nearest first, as far as
 * they are still looked at.
 */
export type MakeTerminal<Content, Value> = (
  content: Content,
  above: Terminal<Value> | undefined,
  aboveIsLast: boolean,
) => Terminal<Value>;

interface Prefix<Content> {
  readonly bytes: Uint8Array;
  readonly content: Content;
}

/** A terminal further up, with the records that wait to hear its offset. */
interface Above<Value> {
  readonly terminal: Terminal<Value>;
  /** The smallest route from here upwards. */
  readonly min: number;
  readonly waiting: number[];
  readonly above: Above<Value> | undefined;
}

/** A node that is being written: its children come first. */
interface Frame<Value> {
  readonly label: PooledString;
  readonly end: number;
  readonly to: number;
  readonly keys: number[];
  readonly children: number[];
  readonly own: Above<Value> | undefined;
  readonly below: Above<Value> | undefined;
  /** The first of the prefixes that no child has taken yet. */
  next: number;
}

/** Writes a tree and returns its root, 0 without prefixes. */
export function writeTrie<Content, Value>(
  writer: BlobWriter,
  kind: number,
  prefixes: ReadonlyMap<string, Content>,
  makeTerminal: MakeTerminal<Content, Value>,
): number {
  if (prefixes.size === 0) {
    return 0;
  }
  const encoder = new TextEncoder();
  const sorted: Prefix<Content>[] = [...prefixes]
    .map(([value, content]) => ({ bytes: encoder.encode(value), content }))
    .sort((a, b) => compareBytes(a.bytes, b.bytes));

  /** Begins the node for sorted[from..to), which all agree in their first `depth` bytes. */
  const begin = (from: number, to: number, depth: number, above: Above<Value> | undefined): Frame<Value> => {
    const first = sorted[from]!;
    const last = sorted[to - 1]!;
    const limit = Math.min(first.bytes.length, last.bytes.length);
    let end = depth;
    while (end < limit && first.bytes[end] === last.bytes[end]) {
      end++;
    }
    const label = writer.bytes(first.bytes.subarray(depth, end));
    const frame = { label, end, to, keys: [], children: [] };
    if (first.bytes.length > end) {
      return { ...frame, next: from, own: undefined, below: above };
    }
    const terminal = makeTerminal(first.content, above?.terminal, above !== undefined && !above.above);
    const rest = terminal.complete ? undefined : above;
    const min = Math.min(terminal.min, rest?.min ?? layout.ROUTE_NONE);
    const own: Above<Value> = { terminal, min, waiting: [], above: rest };
    return { ...frame, next: from + 1, own, below: own };
  };

  const finish = ({ label, own, keys, children }: Frame<Value>): number => {
    const record = writer.record(kind, [
      label.offset,
      label.length,
      own?.terminal.reference ?? 0,
      0,
      own?.above?.min ?? layout.ROUTE_NONE,
      children.length,
      ...keyWords(keys),
      ...children,
    ]);
    own?.above?.waiting.push(record);
    for (const waiting of own?.waiting ?? []) {
      writer.patch(waiting, layout.TRIE_PARENT, record);
    }
    return record;
  };

  // Prefixes can nest as deep as they are long: a stack of our own does not overflow.
  const stack = [begin(0, sorted.length, 0, undefined)];
  for (;;) {
    const frame = stack.at(-1)!;
    if (frame.next < frame.to) {
      const byte = sorted[frame.next]!.bytes[frame.end]!;
      let stop = frame.next + 1;
      while (stop < frame.to && sorted[stop]!.bytes[frame.end] === byte) {
        stop++;
      }
      frame.keys.push(byte);
      stack.push(begin(frame.next, stop, frame.end, frame.below));
      frame.next = stop;
      continue;
    }
    const record = finish(frame);
    stack.pop();
    const parent = stack.at(-1);
    if (!parent) {
      return record;
    }
    parent.children.push(record);
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) {
      return difference;
    }
  }
  return a.length - b.length;
}

function keyWords(keys: readonly number[]): number[] {
  if (keys.length <= layout.TRIE_LIST_MAX) {
    const words = new Array<number>((keys.length + 3) >> 2).fill(0);
    keys.forEach((key, i) => {
      words[i >> 2] = (words[i >> 2]! | (key << ((i & 3) * 8))) >>> 0;
    });
    return words;
  }
  const words = new Array<number>(8).fill(0);
  for (const key of keys) {
    words[key >> 5] = (words[key >> 5]! | (1 << (key & 31))) >>> 0;
  }
  return words;
}
