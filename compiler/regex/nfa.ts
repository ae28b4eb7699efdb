/**
 * Programs over code points → one automaton over bytes, for one pattern or many. Instructions that do nothing are
 * gone; what is left is what the filter's simulation runs, and what the DFA is determined from.
 */

import {
  NFA_MAX_INSTRUCTIONS,
  OP_ASSERT,
  OP_BYTE,
  OP_FAIL,
  OP_MATCH,
  OP_SPLIT,
} from "../../filter/regex/layout.ts";
import {
  ALT,
  ASSERT,
  CAPTURE,
  FAIL,
  MATCH,
  NOP,
  type Program,
  RegexError,
  RUNES,
  TOO_LARGE,
} from "./parse.ts";
import { type ByteNode, byteAutomaton } from "./utf8.ts";

export interface Nfa {
  /** An operation of the table's layout for each state. */
  readonly ops: readonly number[];
  /** ASSERT: flags. SPLIT: the first way. MATCH: which pattern. */
  readonly args: readonly number[];
  /** ASSERT: where to go on. SPLIT: the second way. */
  readonly outs: readonly number[];
  /** BYTE: what is read, and the state behind each of its ways. */
  readonly nodes: readonly (ByteNode | undefined)[];
  readonly targets: readonly (readonly number[])[];
  /** The first state of each pattern. */
  readonly starts: readonly number[];
  readonly hasAssertions: boolean;
}

/** Throws a RegexError for a program so large that Envoy would refuse it. */
export function buildNfa(programs: readonly Program[]): Nfa {
  const builder = new Builder();
  const starts = programs.map((program, pattern) => builder.add(program, pattern));
  const { ops, args, outs, nodes, targets } = builder;
  return { ops, args, outs, nodes, targets, starts, hasAssertions: ops.includes(OP_ASSERT) };
}

const NO_TARGETS: readonly number[] = [];
/** More than all states. */
const KEYS = 2 ** 32;

class Builder {
  readonly ops: number[] = [];
  readonly args: number[] = [];
  readonly outs: number[] = [];
  readonly nodes: (ByteNode | undefined)[] = [];
  readonly targets: (readonly number[])[] = [];
  #limit = 0;

  add(program: Program, pattern: number): number {
    const { instructions } = program;
    if (leastStates(program) > NFA_MAX_INSTRUCTIONS) throw new RegexError(TOO_LARGE);
    this.#limit = this.ops.length + NFA_MAX_INSTRUCTIONS;
    /** The state of an instruction; 0 is none yet, numbers are one more than they are. */
    const states = new Uint32Array(instructions.length);
    /** States inside characters, by what they read and where the character leads. */
    const inside = new Map<number, number>();
    const pending: number[] = [];

    const stateOf = (pc: number): number => {
      let at = instructions[pc]!;
      while (at.op === NOP || at.op === CAPTURE) {
        pc = at.out;
        at = instructions[pc]!;
      }
      if (states[pc] === 0) {
        states[pc] = this.#reserve() + 1;
        pending.push(pc);
      }
      return states[pc]! - 1;
    };
    const byteState = (node: ByteNode, out: number): number => {
      const key = node.id * KEYS + out;
      let state = inside.get(key);
      if (state === undefined) {
        state = this.#reserve();
        inside.set(key, state);
        fillByte(state, node, out);
      }
      return state;
    };
    const fillByte = (state: number, node: ByteNode, out: number): void => {
      this.ops[state] = OP_BYTE;
      this.nodes[state] = node;
      this.targets[state] = node.children.map((child) => (child ? byteState(child, out) : out));
    };

    const start = stateOf(program.start);
    for (let pc = pending.pop(); pc !== undefined; pc = pending.pop()) {
      const { op, out, arg, runes } = instructions[pc]!;
      const state = states[pc]! - 1;
      switch (op) {
        case RUNES:
          if (runes.length > 0) fillByte(state, byteAutomaton(runes), stateOf(out));
          break;
        case ALT:
          this.ops[state] = OP_SPLIT;
          this.args[state] = stateOf(out);
          this.outs[state] = stateOf(arg);
          break;
        case ASSERT:
          this.ops[state] = OP_ASSERT;
          this.args[state] = arg;
          this.outs[state] = stateOf(out);
          break;
        case MATCH:
          this.ops[state] = OP_MATCH;
          this.args[state] = pattern;
          break;
        case FAIL:
          break;
        default:
          throw new Error(`unknown operation ${op}`);
      }
    }
    return start;
  }

  #reserve(): number {
    if (this.ops.length === this.#limit) throw new RegexError(TOO_LARGE);
    this.args.push(0);
    this.outs.push(0);
    this.nodes.push(undefined);
    this.targets.push(NO_TARGETS);
    return this.ops.push(OP_FAIL) - 1;
  }
}

/** States that lead to different places are never the same: how many there are at least, told before they are made. */
function leastStates({ instructions }: Program): number {
  const byOut = new Map<number, number>();
  for (const { op, out, runes } of instructions) {
    if (op !== RUNES || runes.length === 0) continue;
    byOut.set(out, Math.max(byOut.get(out) ?? 0, byteAutomaton(runes).size));
  }
  let sum = 0;
  for (const size of byOut.values()) sum += size;
  return sum;
}
