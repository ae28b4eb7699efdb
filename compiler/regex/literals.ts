/**
 * Literals → the table that finds all of them in one walk over a text; `filter/regex/literals.ts` walks it.
 */

import * as layout from "../../filter/regex/layout.ts";
import type { Contained } from "./contains.ts";
import { layComb, makeTable, writeCombEntry } from "./table.ts";

/** A literal, and what is found when a text has it. */
export interface LiteralTarget extends Contained {
  readonly target: number;
}

interface State {
  /** By byte. */
  readonly ways: Map<number, State>;
  readonly number: number;
  readonly own: LiteralTarget[];
  /** The longest other state that this one ends with. */
  back: State | undefined;
  /** One more than the first of its outputs, which lead on to those of the states it ends with; 0: none. */
  outputs: number;
}

/** The table; undefined when the literals are too many for one. */
export function encodeLiterals(literals: readonly LiteralTarget[], targets: number): Uint8Array | undefined {
  const states = trieOf(literals);
  const outputs = linkStates(states);

  const classOfByte = new Uint8Array(256);
  let classes = 1;
  for (const { literal } of literals) {
    for (const byte of literal) {
      if (classOfByte[byte] === 0) {
        classOfByte[byte] = classes++;
      }
    }
  }
  if (classes > 256) {
    return undefined;
  }
  const start = states[0]!;
  const rows = states.map((state) => {
    const row = [...state.ways.keys()].map((byte) => classOfByte[byte]!);
    if (state.outputs > 0) {
      row.push(classes);
    }
    if (state.back && state.back !== start) {
      row.push(classes + 1);
    }
    return row;
  });
  const { bases, entries } = layComb(rows, classes + 2);
  if (entries > layout.COMB_MAX_ENTRIES) {
    return undefined;
  }

  const outputsAt = layout.TABLE_BODY + entries * 4;
  const length = outputsAt + outputs.length * layout.OUTPUT_SIZE;
  const { bytes, view } = makeTable(layout.KIND_LITERALS, length, classOfByte, classes);
  view.setUint32(layout.TABLE_SETS, targets, true);
  view.setUint32(layout.TABLE_START, bases[start.number]!, true);
  view.setUint32(layout.TABLE_ENTRIES, entries, true);
  view.setUint32(layout.LITERALS_COUNT, outputs.length, true);
  for (const state of states) {
    const base = bases[state.number]!;
    for (const [byte, to] of state.ways) {
      writeCombEntry(view, base, classOfByte[byte]!, bases[to.number]!);
    }
    if (state.outputs > 0) {
      writeCombEntry(view, base, classes, state.outputs - 1);
    }
    if (state.back && state.back !== start) {
      writeCombEntry(view, base, classes + 1, bases[state.back.number]!);
    }
  }
  outputs.forEach(({ literal: { atEnd, noNewline, target }, link }, i) => {
    const flags = (atEnd ? layout.LITERAL_AT_END : 0) | (noNewline ? layout.LITERAL_NO_NEWLINE : 0);
    const at = outputsAt + i * layout.OUTPUT_SIZE;
    view.setUint32(at, ((link << layout.OUTPUT_LINK_SHIFT) | flags) >>> 0, true);
    view.setUint32(at + layout.OUTPUT_TARGET, target, true);
  });
  return bytes;
}

/** All states, the start first. */
function trieOf(literals: readonly LiteralTarget[]): State[] {
  const states: State[] = [];
  const add = (): State => {
    const state = { ways: new Map(), number: states.length, own: [], back: undefined, outputs: 0 };
    states.push(state);
    return state;
  };
  const start = add();
  for (const literal of literals) {
    let state = start;
    for (const byte of literal.literal) {
      let next = state.ways.get(byte);
      if (!next) {
        next = add();
        state.ways.set(byte, next);
      }
      state = next;
    }
    state.own.push(literal);
  }
  return states;
}

/** An output: what is found, and one more than the next output. */
interface Output {
  readonly literal: LiteralTarget;
  readonly link: number;
}

/** Says where each state goes on when no way fits, and what is found there; shorter ones first. */
function linkStates(states: readonly State[]): Output[] {
  const outputs: Output[] = [];
  const queue: State[] = [states[0]!];
  for (let i = 0; i < queue.length; i++) {
    const state = queue[i]!;
    state.outputs = state.back?.outputs ?? 0;
    for (const literal of state.own) {
      outputs.push({ literal, link: state.outputs });
      state.outputs = outputs.length;
    }
    for (const [byte, next] of state.ways) {
      let back = state.back;
      while (back && !back.ways.has(byte)) {
        back = back.back;
      }
      next.back = back ? back.ways.get(byte)! : states[0]!;
      queue.push(next);
    }
  }
  return outputs;
}
