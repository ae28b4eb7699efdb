/**
 * Writes tables. The layout is drawn in `filter/regex/layout.ts`.
 */

import {
  COMB_ENTRY_SIZE,
  COMB_FREE,
  DENSE_ACCEPTING,
  DENSE_MAX_ENTRIES,
  INSTRUCTION_SIZE,
  KIND_COMB,
  KIND_DENSE,
  KIND_NFA,
  NFA_SHAPES,
  NFA_TARGETS,
  OP_ASSERT,
  OP_BYTE,
  OP_SHIFT,
  OP_SPLIT,
  TABLE_BODY,
  TABLE_CLASS_MAP,
  TABLE_CLASSES,
  TABLE_ENTRIES,
  TABLE_KIND,
  TABLE_LENGTH,
  TABLE_SETS,
  TABLE_START,
} from "../../filter/regex/layout.ts";
import { byteClasses, waysByClass } from "./classes.ts";
import type { Dfa } from "./determinise.ts";
import type { Nfa } from "./nfa.ts";
import type { ByteNode } from "./utf8.ts";

/** A dense table is preferred to a comb that is not much smaller: it takes half the loads. */
const COMB_MUST_SAVE = 2;
const SMALL_TABLE = 4096;

/** The table of a minimised DFA; undefined when it would be longer than `maxBytes`. */
export function encodeDfa(dfa: Dfa, maxBytes: number): Uint8Array | undefined {
  const fitsDense = dfa.states * dfa.classes.count <= DENSE_MAX_ENTRIES;
  const dense = fitsDense ? denseLength(dfa) : Number.POSITIVE_INFINITY;
  if (dense <= Math.min(SMALL_TABLE, maxBytes)) return encodeDense(dfa);
  // Rows that fill a comb need no trying.
  const least = TABLE_BODY + dfa.next.reduce((sum, state) => sum + (state ? COMB_ENTRY_SIZE : 0), 0);
  if (dense <= Math.min(least * COMB_MUST_SAVE, maxBytes)) return encodeDense(dfa);
  if (least > maxBytes) return undefined;
  const comb = encodeComb(dfa);
  if (dense <= Math.min(comb.length * COMB_MUST_SAVE, maxBytes)) return encodeDense(dfa);
  return comb.length <= maxBytes ? comb : undefined;
}

function firstAccepting(dfa: Dfa): number {
  const found = dfa.accepts.findIndex((accept) => accept > 0);
  return found < 0 ? dfa.states : found;
}

function denseLength(dfa: Dfa): number {
  const accepting = dfa.states - firstAccepting(dfa);
  return TABLE_BODY + align(2 * (dfa.states * dfa.classes.count + accepting));
}

function align(length: number): number {
  return (length + 3) & ~3;
}

/** At most DENSE_MAX_ENTRIES states times classes. */
export function encodeDense(dfa: Dfa): Uint8Array {
  const { classes, states, next, accepts } = dfa;
  const { bytes, view } = makeTable(KIND_DENSE, denseLength(dfa), classes.ofByte, classes.count);
  const first = firstAccepting(dfa);
  view.setUint32(TABLE_SETS, dfa.acceptSets.length, true);
  view.setUint32(TABLE_START, dfa.start * classes.count, true);
  view.setUint32(TABLE_ENTRIES, next.length, true);
  view.setUint32(DENSE_ACCEPTING, first * classes.count, true);
  next.forEach((state, i) => {
    view.setUint16(TABLE_BODY + i * 2, state * classes.count, true);
  });
  for (let state = first; state < states; state++) {
    view.setUint16(TABLE_BODY + (next.length + state - first) * 2, accepts[state]! - 1, true);
  }
  return bytes;
}

interface Comb {
  readonly owners: Uint32Array;
  /** Where each state's row begins. */
  readonly bases: Int32Array;
}

/** Finds a place for each row so that rows share entries but never the same one. First fit, the fullest rows first. */
function layComb(dfa: Dfa): Comb {
  const { states, next, accepts } = dfa;
  const count = dfa.classes.count;
  const rows: number[][] = [];
  for (let state = 0; state < states; state++) {
    const row: number[] = [];
    for (let c = 0; c < count; c++) if (next[state * count + c]) row.push(c);
    if (accepts[state]) row.push(count);
    rows.push(row);
  }
  const bases = new Int32Array(states);
  let owners = new Uint32Array(1024).fill(COMB_FREE);
  /** Two states must not have the same base: it is what they are known by. */
  const isBase = new Set<number>();
  /** The first free entry; and where rows of each size last found room: before it, little is left. */
  const hints = new Int32Array(count + 2);
  let used = 0;
  const fullestFirst = rows
    .map((_, state) => state)
    .sort((a, b) => rows[b]!.length - rows[a]!.length || a - b);
  for (const state of fullestFirst) {
    const row = rows[state]!;
    let base = hints[row.length]!;
    let tries = 0;
    for (; ; base++) {
      if (base + count + 1 > owners.length) {
        const grown = new Uint32Array(Math.max(owners.length * 2, base + count + 1)).fill(COMB_FREE);
        grown.set(owners);
        owners = grown;
      }
      if (!isBase.has(base) && row.every((c) => owners[base + c] === COMB_FREE)) break;
      tries++;
    }
    if (tries > 64) hints[row.length] = base - 32;
    isBase.add(base);
    bases[state] = base;
    for (const c of row) owners[base + c] = base;
    used = Math.max(used, base + count + 1);
  }
  return { owners: owners.subarray(0, used), bases };
}

export function encodeComb(dfa: Dfa): Uint8Array {
  const { owners, bases } = layComb(dfa);
  const { classes, next, accepts } = dfa;
  const length = TABLE_BODY + owners.length * COMB_ENTRY_SIZE;
  const { bytes, view } = makeTable(KIND_COMB, length, classes.ofByte, classes.count);
  view.setUint32(TABLE_SETS, dfa.acceptSets.length, true);
  view.setUint32(TABLE_START, bases[dfa.start]!, true);
  view.setUint32(TABLE_ENTRIES, owners.length, true);
  owners.forEach((owner, i) => {
    view.setUint32(TABLE_BODY + i * COMB_ENTRY_SIZE, owner, true);
  });
  for (let state = 0; state < dfa.states; state++) {
    const row = TABLE_BODY + bases[state]! * COMB_ENTRY_SIZE + 4;
    for (let c = 0; c < classes.count; c++) {
      const target = next[state * classes.count + c]!;
      if (target) view.setUint32(row + c * COMB_ENTRY_SIZE, bases[target]!, true);
    }
    if (accepts[state]) view.setUint32(row + classes.count * COMB_ENTRY_SIZE, accepts[state]! - 1, true);
  }
  return bytes;
}

/** The table of one pattern's automaton. */
export function encodeNfa(nfa: Nfa): Uint8Array {
  const classes = byteClasses(nfa);
  const shapes = new Map<ByteNode, number>();
  let targetCount = 0;
  nfa.nodes.forEach((node, state) => {
    if (node && !shapes.has(node)) shapes.set(node, shapes.size);
    targetCount += nfa.targets[state]!.length;
  });
  const targetsAt = TABLE_BODY + nfa.ops.length * INSTRUCTION_SIZE;
  const shapesAt = targetsAt + targetCount * 4;
  const shapeSize = classes.count + 1;
  const length = shapesAt + align(shapes.size * shapeSize);
  const { bytes, view } = makeTable(KIND_NFA, length, classes.ofByte, classes.count);
  view.setUint32(TABLE_SETS, 1, true);
  view.setUint32(TABLE_START, nfa.starts[0]!, true);
  view.setUint32(TABLE_ENTRIES, nfa.ops.length, true);
  view.setUint32(NFA_TARGETS, targetCount, true);
  view.setUint32(NFA_SHAPES, shapes.size, true);

  let target = 0;
  nfa.ops.forEach((op, state) => {
    let operand = 0;
    let out = 0;
    if (op === OP_BYTE) {
      operand = shapes.get(nfa.nodes[state]!)!;
      out = target;
      for (const to of nfa.targets[state]!) view.setUint32(targetsAt + target++ * 4, to, true);
    } else if (op === OP_SPLIT || op === OP_ASSERT) {
      operand = nfa.args[state]!;
      out = nfa.outs[state]!;
    }
    const at = TABLE_BODY + state * INSTRUCTION_SIZE;
    view.setUint32(at, op | (operand << OP_SHIFT), true);
    view.setUint32(at + 4, out, true);
  });
  for (const [node, shape] of shapes) {
    const at = shapesAt + shape * shapeSize;
    bytes[at] = node.children.length;
    bytes.set(waysByClass(node, classes), at + 1);
  }
  return bytes;
}

function makeTable(kind: number, length: number, classOfByte: Uint8Array, classes: number) {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(TABLE_KIND, kind, true);
  view.setUint32(TABLE_LENGTH, length, true);
  view.setUint32(TABLE_CLASSES, classes, true);
  bytes.set(classOfByte, TABLE_CLASS_MAP);
  return { bytes, view };
}
