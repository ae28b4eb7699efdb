/**
 * Writes tables. The layout is drawn in `filter/regex/layout.ts`.
 */

import * as layout from "../../filter/regex/layout.ts";
import type { ByteNode } from "./bytes.ts";
import { byteClasses, waysByClass } from "./classes.ts";
import type { Dfa } from "./determinise.ts";
import type { Nfa } from "./nfa.ts";

/** A dense table is preferred to a comb that is not much smaller: it takes half the loads. */
const COMB_MUST_SAVE = 2;
const SMALL_TABLE = 4096;

/** The table of a minimised DFA; undefined when it would be longer than `maxBytes`. */
export function encodeDfa(dfa: Dfa, maxBytes: number): Uint8Array | undefined {
  const fitsDense = dfa.states * dfa.classes.count <= layout.DENSE_MAX_ENTRIES;
  const dense = fitsDense ? denseLength(dfa) : Number.POSITIVE_INFINITY;
  if (dense <= Math.min(SMALL_TABLE, maxBytes)) {
    return encodeDense(dfa);
  }
  // Rows that fill a comb need no trying.
  const least = layout.TABLE_BODY + dfa.next.reduce((sum, state) => sum + (state ? 4 : 0), 0);
  if (dense <= Math.min(least * COMB_MUST_SAVE, maxBytes)) {
    return encodeDense(dfa);
  }
  if (least > Math.min(maxBytes, layout.COMB_MAX_ENTRIES)) {
    return undefined;
  }
  const comb = encodeComb(dfa);
  if (dense <= Math.min(comb.length * COMB_MUST_SAVE, maxBytes)) {
    return encodeDense(dfa);
  }
  return comb.length <= maxBytes ? comb : undefined;
}

function firstAccepting(dfa: Dfa): number {
  const found = dfa.accepts.findIndex((accept) => accept > 0);
  return found < 0 ? dfa.states : found;
}

function denseLength(dfa: Dfa): number {
  const accepting = dfa.states - firstAccepting(dfa);
  return layout.TABLE_BODY + align(2 * (dfa.states * dfa.classes.count + accepting));
}

function align(length: number): number {
  return (length + 3) & ~3;
}

/** At most DENSE_MAX_ENTRIES states times classes. */
export function encodeDense(dfa: Dfa): Uint8Array {
  const { classes, states, next, accepts } = dfa;
  const { bytes, view } = makeTable(layout.KIND_DENSE, denseLength(dfa), classes.ofByte, classes.count);
  const first = firstAccepting(dfa);
  view.setUint32(layout.TABLE_SETS, dfa.acceptSets.length, true);
  view.setUint32(layout.TABLE_START, dfa.start * classes.count, true);
  view.setUint32(layout.TABLE_ENTRIES, next.length, true);
  view.setUint32(layout.DENSE_ACCEPTING, first * classes.count, true);
  next.forEach((state, i) => {
    view.setUint16(layout.TABLE_BODY + i * 2, state * classes.count, true);
  });
  for (let state = first; state < states; state++) {
    view.setUint16(layout.TABLE_BODY + (next.length + state - first) * 2, accepts[state]! - 1, true);
  }
  return bytes;
}

/** Where each row begins, so that rows share entries but never the same one, and how many entries there are. */
export interface Comb {
  readonly bases: Int32Array;
  readonly entries: number;
}

/** After so many places that were taken, the next row of that size begins to look there. */
const COMB_PATIENCE = 64;

/** First fit, the fullest rows first. A row is the columns that it uses, of `width`. */
export function layComb(rows: readonly (readonly number[])[], width: number): Comb {
  const bases = new Int32Array(rows.length);
  let taken = new Uint8Array(1024);
  let isBase = new Uint8Array(1024);
  const hints = new Int32Array(width + 1);
  let entries = 0;
  const fullestFirst = rows
    .map((_, state) => state)
    .sort((a, b) => rows[b]!.length - rows[a]!.length || a - b);
  for (const state of fullestFirst) {
    const row = rows[state]!;
    let base = hints[row.length]!;
    let tries = 0;
    for (; ; base++) {
      if (base + width > taken.length) {
        taken = enlarge(taken);
        isBase = enlarge(isBase);
      }
      if (!isBase[base] && row.every((c) => !taken[base + c])) {
        break;
      }
      tries++;
    }
    if (tries > COMB_PATIENCE) {
      hints[row.length] = base - COMB_PATIENCE / 2;
    }
    isBase[base] = 1;
    bases[state] = base;
    for (const c of row) {
      taken[base + c] = 1;
    }
    entries = Math.max(entries, base + width);
  }
  return { bases, entries };
}

function enlarge(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2);
  larger.set(bytes);
  return larger;
}

/** At most COMB_MAX_ENTRIES entries. */
export function encodeComb(dfa: Dfa): Uint8Array {
  const { classes, next, accepts } = dfa;
  const rows = Array.from({ length: dfa.states }, (_, state) => {
    const row: number[] = [];
    for (let c = 0; c < classes.count; c++) {
      if (next[state * classes.count + c]) {
        row.push(c);
      }
    }
    if (accepts[state]) {
      row.push(classes.count);
    }
    return row;
  });
  const { bases, entries } = layComb(rows, classes.count + 1);
  const { bytes, view } = makeTable(
    layout.KIND_COMB,
    layout.TABLE_BODY + entries * 4,
    classes.ofByte,
    classes.count,
  );
  view.setUint32(layout.TABLE_SETS, dfa.acceptSets.length, true);
  view.setUint32(layout.TABLE_START, bases[dfa.start]!, true);
  view.setUint32(layout.TABLE_ENTRIES, entries, true);
  const write = (state: number, column: number, value: number) =>
    writeCombEntry(view, bases[state]!, column, value);
  for (let state = 0; state < dfa.states; state++) {
    for (let c = 0; c < classes.count; c++) {
      const target = next[state * classes.count + c]!;
      if (target) {
        write(state, c, bases[target]!);
      }
    }
    if (accepts[state]) {
      write(state, classes.count, accepts[state]! - 1);
    }
  }
  return bytes;
}

/** The entry of a row's column. */
export function writeCombEntry(view: DataView, base: number, column: number, value: number): void {
  view.setUint32(
    layout.TABLE_BODY + (base + column) * 4,
    ((value << layout.COMB_SHIFT) | (column + 1)) >>> 0,
    true,
  );
}

/** The table of one pattern's automaton. */
export function encodeNfa(nfa: Nfa): Uint8Array {
  const classes = byteClasses(nfa);
  const shapes = new Map<ByteNode, number>();
  let targetCount = 0;
  nfa.nodes.forEach((node, state) => {
    if (node && !shapes.has(node)) {
      shapes.set(node, shapes.size);
    }
    targetCount += nfa.targets[state]!.length;
  });
  const targetsAt = layout.TABLE_BODY + nfa.ops.length * layout.INSTRUCTION_SIZE;
  const shapesAt = targetsAt + targetCount * 4;
  const shapeSize = classes.count + 1;
  const length = shapesAt + align(shapes.size * shapeSize);
  const { bytes, view } = makeTable(layout.KIND_NFA, length, classes.ofByte, classes.count);
  view.setUint32(layout.TABLE_SETS, 1, true);
  view.setUint32(layout.TABLE_START, nfa.starts[0]!, true);
  view.setUint32(layout.TABLE_ENTRIES, nfa.ops.length, true);
  view.setUint32(layout.NFA_TARGETS, targetCount, true);
  view.setUint32(layout.NFA_SHAPES, shapes.size, true);

  let target = 0;
  nfa.ops.forEach((op, state) => {
    let operand = 0;
    let out = 0;
    if (op === layout.OP_BYTE) {
      operand = shapes.get(nfa.nodes[state]!)!;
      out = target;
      for (const to of nfa.targets[state]!) {
        view.setUint32(targetsAt + target++ * 4, to, true);
      }
    } else if (op === layout.OP_SPLIT || op === layout.OP_ASSERT) {
      operand = nfa.args[state]!;
      out = nfa.outs[state]!;
    }
    const at = layout.TABLE_BODY + state * layout.INSTRUCTION_SIZE;
    view.setUint32(at, op | (operand << layout.OP_SHIFT), true);
    view.setUint32(at + 4, out, true);
  });
  for (const [node, shape] of shapes) {
    const at = shapesAt + shape * shapeSize;
    bytes[at] = node.wayCount;
    bytes.set(waysByClass(node, classes), at + 1);
  }
  return bytes;
}

/** A table with its header begun. */
export function makeTable(kind: number, length: number, classOfByte: Uint8Array, classes: number) {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(layout.TABLE_KIND, kind, true);
  view.setUint32(layout.TABLE_LENGTH, length, true);
  view.setUint32(layout.TABLE_CLASSES, classes, true);
  bytes.set(classOfByte, layout.TABLE_CLASS_MAP);
  return { bytes, view };
}
