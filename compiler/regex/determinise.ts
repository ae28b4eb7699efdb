/**
 * Automaton over bytes → DFA, within bounds: states, and work, which also bounds the time.
 *
 * A state is the set of places one can be in without having read more, with assertions (`^`, `$`, `\b`) left
 * unresolved until the next byte, or the end, is known; a state with unresolved ones also remembers what stood before.
 */

import * as layout from "../../filter/regex/layout.ts";
import type { ByteNode } from "./bytes.ts";
import { type ByteClasses, byteClasses, EDGE, kindOf, NEWLINE, OTHER, WORD } from "./classes.ts";
import type { Nfa } from "./nfa.ts";

/** State 0 is the one that nothing leaves; `next` has a row of `classes.count` for each state. */
export interface Dfa {
  readonly classes: ByteClasses;
  readonly states: number;
  readonly next: Int32Array;
  readonly start: number;
  /** For each state, 0 or one more than an index of `acceptSets`. */
  readonly accepts: Int32Array;
  /** The patterns, sorted, that match a text together. */
  readonly acceptSets: readonly (readonly number[])[];
}

export interface DfaBounds {
  readonly maxStates: number;
  /** Places looked at while sets are built. A million take some 20 ms. */
  readonly maxWork: number;
}

/** The DFA of an automaton, started behind `prefix`; undefined when a bound is hit. */
export function determinise(nfa: Nfa, bounds: DfaBounds, prefix: Uint8Array): Dfa | undefined {
  try {
    return new Determiniser(nfa, bounds).run(prefix);
  } catch (error) {
    if (error instanceof BoundHit) {
      return undefined;
    }
    throw error;
  }
}

class BoundHit extends Error {}

const NO_MEMBERS = new Int32Array(0);
const NEXT_KINDS = [WORD, NEWLINE, OTHER, EDGE];

class Determiniser {
  readonly #nfa: Nfa;
  readonly #bounds: DfaBounds;
  readonly #classes: ByteClasses;
  readonly #kindOfClass: Uint8Array;
  readonly #nodeClasses = new Map<ByteNode, readonly number[]>();
  readonly #mark: Uint32Array;
  #generation = 0;
  #work = 0;

  readonly #members: Int32Array[] = [NO_MEMBERS];
  /** What stood before, for states with unresolved assertions; else EDGE. */
  readonly #before: number[] = [EDGE];
  readonly #accepts: number[] = [0];
  readonly #byHash = new Map<number, number[]>();
  /** States that are reached from one place of the automaton, by place and what stood before. */
  readonly #single = new Map<number, number>();
  readonly #acceptSets: number[][] = [];
  readonly #acceptIds = new Map<string, number>();
  #next: Int32Array;

  constructor(nfa: Nfa, bounds: DfaBounds) {
    this.#nfa = nfa;
    this.#bounds = bounds;
    this.#classes = byteClasses(nfa);
    this.#kindOfClass = nfa.hasAssertions
      ? this.#classes.sample.map(kindOf)
      : new Uint8Array(this.#classes.count).fill(EDGE);
    this.#mark = new Uint32Array(nfa.ops.length);
    this.#next = new Int32Array(this.#classes.count * 64);
  }

  run(prefix: Uint8Array): Dfa {
    const { count, ofByte } = this.#classes;
    let start = this.#stateOf(this.#nfa.starts, EDGE);
    const row = new Int32Array(count);
    for (const byte of prefix) {
      row.fill(0);
      this.#leave(start, row);
      start = row[ofByte[byte]!]!;
    }
    for (let state = 1; state < this.#members.length; state++) {
      const at = state * count;
      if (this.#next.length < at + count) {
        this.#grow();
      }
      this.#leave(state, this.#next.subarray(at, at + count));
    }
    const states = this.#members.length;
    if (this.#next.length < states * count) {
      this.#grow();
    }
    return {
      classes: this.#classes,
      states,
      next: this.#next.subarray(0, states * count),
      start,
      accepts: Int32Array.from(this.#accepts),
      acceptSets: this.#acceptSets,
    };
  }

  #grow(): void {
    const grown = new Int32Array(this.#next.length * 2);
    grown.set(this.#next);
    this.#next = grown;
  }

  /** Fills the row of a state. */
  #leave(state: number, row: Int32Array): void {
    if (state === 0) {
      return;
    }
    const members = this.#members[state]!;
    if (!this.#hasAssertion(members)) {
      this.#step(members, row, undefined);
      return;
    }
    for (const kind of NEXT_KINDS) {
      if (kind !== EDGE) {
        this.#step(this.#resolve(members, this.#before[state]!, kind), row, kind);
      }
    }
  }

  /** Fills the row's classes of one kind (of all: undefined) with what the members lead to. */
  #step(members: Int32Array, row: Int32Array, kind: number | undefined): void {
    const ways: number[][] = [];
    for (const place of members) {
      if (this.#nfa.ops[place] !== layout.OP_BYTE) {
        continue;
      }
      const node = this.#nfa.nodes[place]!;
      const targets = this.#nfa.targets[place]!;
      for (const byteClass of this.#classesOf(node)) {
        if (kind !== undefined && this.#kindOfClass[byteClass] !== kind) {
          continue;
        }
        const target = targets[node.ways[this.#classes.sample[byteClass]!]! - 1]!;
        const way = ways[byteClass];
        if (way) {
          way.push(target);
        } else {
          ways[byteClass] = [target];
        }
        this.#spend(1);
      }
    }
    /** Classes that were looked at, for those that lead to the same places. */
    const done: number[] = [];
    ways.forEach((way, byteClass) => {
      const before = this.#kindOfClass[byteClass]!;
      if (way.length === 1) {
        const key = way[0]! * 4 + before;
        let state = this.#single.get(key);
        if (state === undefined) {
          state = this.#stateOf(way, before);
          this.#single.set(key, state);
        }
        row[byteClass] = state;
        return;
      }
      const same = done.find((other) => this.#kindOfClass[other] === before && equal(ways[other]!, way));
      row[byteClass] = same === undefined ? this.#stateOf(way, before) : row[same]!;
      if (same === undefined) {
        done.push(byteClass);
      }
    });
  }

  /** The classes that a node has a way for. */
  #classesOf(node: ByteNode): readonly number[] {
    let list = this.#nodeClasses.get(node);
    if (!list) {
      const { sample } = this.#classes;
      list = Array.from(sample.keys()).filter((byteClass) => node.ways[sample[byteClass]!]! > 0);
      this.#nodeClasses.set(node, list);
    }
    return list;
  }

  /** The state of being at some places after `before` was read. */
  #stateOf(places: Iterable<number>, before: number): number {
    const members = this.#closure(places, undefined);
    if (members.length === 0) {
      return 0;
    }
    const remembered = this.#hasAssertion(members) ? before : EDGE + 1;
    let hash = remembered;
    for (const place of members) {
      hash = (Math.imul(hash, 0x01000193) ^ place) | 0;
    }
    let bucket = this.#byHash.get(hash);
    if (!bucket) {
      bucket = [];
      this.#byHash.set(hash, bucket);
    }
    for (const state of bucket) {
      if (this.#before[state] === remembered && equal(this.#members[state]!, members)) {
        return state;
      }
    }
    const state = this.#members.length;
    if (state > this.#bounds.maxStates) {
      throw new BoundHit();
    }
    bucket.push(state);
    this.#members.push(members);
    this.#before.push(remembered);
    const atEnd = remembered === EDGE + 1 ? members : this.#resolve(members, before, EDGE);
    this.#accepts.push(this.#acceptId(atEnd));
    return state;
  }

  #acceptId(members: Int32Array): number {
    const patterns: number[] = [];
    for (const place of members) {
      if (this.#nfa.ops[place] === layout.OP_MATCH) {
        patterns.push(this.#nfa.args[place]!);
      }
    }
    if (patterns.length === 0) {
      return 0;
    }
    patterns.sort((a, b) => a - b);
    const key = patterns.join();
    let id = this.#acceptIds.get(key);
    if (id === undefined) {
      id = this.#acceptSets.push(patterns);
      this.#acceptIds.set(key, id);
    }
    return id;
  }

  #hasAssertion(members: Int32Array): boolean {
    return this.#nfa.hasAssertions && members.some((place) => this.#nfa.ops[place] === layout.OP_ASSERT);
  }

  /** The members once it is known what stands on both sides. */
  #resolve(members: Int32Array, before: number, after: number): Int32Array {
    return this.#closure(members, assertionsThatHold(before, after));
  }

  /**
   * What can be reached without reading, sorted. With `holding`, assertions are passed when they hold; without,
   * they stay.
   */
  #closure(places: Iterable<number>, holding: number | undefined): Int32Array {
    const { ops, args, outs } = this.#nfa;
    const mark = this.#mark;
    const generation = ++this.#generation;
    const stack: number[] = [];
    const found: number[] = [];
    for (const place of places) {
      stack.push(place);
    }
    for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
      if (mark[place] === generation) {
        continue;
      }
      mark[place] = generation;
      this.#spend(1);
      switch (ops[place]) {
        case layout.OP_SPLIT:
          stack.push(outs[place]!, args[place]!);
          break;
        case layout.OP_ASSERT:
          if (holding === undefined) {
            found.push(place);
          } else if ((args[place]! & ~holding) === 0) {
            stack.push(outs[place]!);
          }
          break;
        case layout.OP_BYTE:
        case layout.OP_MATCH:
          found.push(place);
      }
    }
    const members = new Int32Array(found);
    return found.length > 1 ? members.sort() : members;
  }

  #spend(work: number): void {
    this.#work += work;
    if (this.#work > this.#bounds.maxWork) {
      throw new BoundHit();
    }
  }
}

function assertionsThatHold(before: number, after: number): number {
  let flags =
    (before === WORD) !== (after === WORD) ? layout.ASSERT_WORD_BOUNDARY : layout.ASSERT_NO_WORD_BOUNDARY;
  if (before === EDGE) {
    flags |= layout.ASSERT_BEGIN_TEXT | layout.ASSERT_BEGIN_LINE;
  }
  if (before === NEWLINE) {
    flags |= layout.ASSERT_BEGIN_LINE;
  }
  if (after === EDGE) {
    flags |= layout.ASSERT_END_TEXT | layout.ASSERT_END_LINE;
  }
  if (after === NEWLINE) {
    flags |= layout.ASSERT_END_LINE;
  }
  return flags;
}

function equal(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) {
    return false;
  }
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) {
      return false;
    }
  }
  return true;
}
