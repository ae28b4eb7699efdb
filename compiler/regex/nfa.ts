/**
 * Programs → one automaton, for one pattern or many. Instructions that do nothing are gone; what is left is what the
 * filter's simulation runs, and what the DFA is determined from.
 */

import * as layout from "../../filter/regex/layout.ts";
import { type ByteNode, byteNode } from "./bytes.ts";
import {
  ALT,
  ASSERT,
  BYTES,
  CAPTURE,
  FAIL,
  MATCH,
  NOP,
  type Program,
  RegexError,
  TOO_LARGE,
} from "./parse.ts";

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
  return { ops, args, outs, nodes, targets, starts, hasAssertions: ops.includes(layout.OP_ASSERT) };
}

const NO_TARGETS: readonly number[] = [];

class Builder {
  readonly ops: number[] = [];
  readonly args: number[] = [];
  readonly outs: number[] = [];
  readonly nodes: (ByteNode | undefined)[] = [];
  readonly targets: (readonly number[])[] = [];
  #limit = 0;

  add(program: Program, pattern: number): number {
    const { instructions } = program;
    this.#limit = this.ops.length + layout.NFA_MAX_INSTRUCTIONS;
    /** The state of an instruction; 0 is none yet, numbers are one more than they are. */
    const states = new Uint32Array(instructions.length);
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

    const start = stateOf(program.start);
    for (let pc = pending.pop(); pc !== undefined; pc = pending.pop()) {
      const { op, out, arg, bytes } = instructions[pc]!;
      const state = states[pc]! - 1;
      switch (op) {
        case BYTES:
          if (bytes.length === 0) {
            break;
          }
          this.ops[state] = layout.OP_BYTE;
          this.nodes[state] = byteNode(bytes);
          this.targets[state] = [stateOf(out)];
          break;
        case ALT:
          this.ops[state] = layout.OP_SPLIT;
          this.args[state] = stateOf(out);
          this.outs[state] = stateOf(arg);
          break;
        case ASSERT:
          this.ops[state] = layout.OP_ASSERT;
          this.args[state] = arg;
          this.outs[state] = stateOf(out);
          break;
        case MATCH:
          this.ops[state] = layout.OP_MATCH;
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
    if (this.ops.length === this.#limit) {
      throw new RegexError(TOO_LARGE);
    }
    this.args.push(0);
    this.outs.push(0);
    this.nodes.push(undefined);
    this.targets.push(NO_TARGETS);
    return this.ops.push(layout.OP_FAIL) - 1;
  }
}
