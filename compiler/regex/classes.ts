/**
 * Byte classes: bytes that no state of an automaton tells apart share a column of its table.
 */

import type { ByteNode } from "./bytes.ts";
import type { Nfa } from "./nfa.ts";

export interface ByteClasses {
  readonly count: number;
  readonly ofByte: Uint8Array;
  /** One byte of each class. */
  readonly sample: Uint8Array;
}

/** What stands before or behind a place in the text, as far as assertions care. */
export const WORD = 0;
export const NEWLINE = 1;
export const OTHER = 2;
export const EDGE = 3;

export function kindOf(byte: number): number {
  if (byte === 0x0a) {
    return NEWLINE;
  }
  return byte === 0x5f || (byte >= 0x30 && byte <= 0x39) || isLetter(byte | 0x20) ? WORD : OTHER;
}

function isLetter(lower: number): boolean {
  return lower >= 0x61 && lower <= 0x7a;
}

export function byteClasses(nfa: Nfa): ByteClasses {
  const ofByte = new Uint8Array(256);
  let count = 1;
  const split = (partOf: (byte: number) => number) => {
    const seen = new Map<number, number>();
    for (let byte = 0; byte < 256; byte++) {
      const key = ofByte[byte]! * 256 + partOf(byte);
      let found = seen.get(key);
      if (found === undefined) {
        found = seen.size;
        seen.set(key, found);
      }
      ofByte[byte] = found;
    }
    count = seen.size;
  };
  if (nfa.hasAssertions) {
    split(kindOf);
  }
  for (const node of new Set(nfa.nodes)) {
    if (node && count < 256) {
      split((byte) => node.ways[byte]!);
    }
  }
  return describe(ofByte, count);
}

/** Joins the classes whose columns are equal; `same` names the column that each class equals. */
export function mergeClasses(classes: ByteClasses, same: readonly number[]): ByteClasses {
  const numbers = new Map<number, number>();
  const ofByte = classes.ofByte.map((old) => {
    const column = same[old]!;
    let number = numbers.get(column);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(column, number);
    }
    return number;
  });
  return describe(ofByte, numbers.size);
}

function describe(ofByte: Uint8Array, count: number): ByteClasses {
  const sample = new Uint8Array(count);
  for (let byte = 255; byte >= 0; byte--) {
    sample[ofByte[byte]!] = byte;
  }
  return { count, ofByte, sample };
}

/** A node's way for each class. */
export function waysByClass(node: ByteNode, classes: ByteClasses): Uint8Array {
  return classes.sample.map((byte) => node.ways[byte]!);
}
