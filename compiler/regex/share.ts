/**
 * Makes one automaton of many patterns small before it is determined: places that are reached by the same texts are
 * one place. Patterns that begin alike, with `/api/` or with `.*`, then begin together, and the sets that make up a
 * state of the DFA hold a place for what differs, not for every pattern.
 *
 * The coarsest such division is found by splitting: places of one kind stand together until some of them are reached
 * from elsewhere. The largest part of a split keeps its number, so that what follows from it need not be looked at.
 */

import * as layout from "../../filter/regex/layout.ts";
import type { ByteNode } from "./bytes.ts";
import type { Nfa } from "./nfa.ts";

/** An automaton that matches the same for each pattern. The order of its ways means nothing any more. */
export function shareBeginnings(nfa: Nfa): Nfa {
  return new Quotient(nfa, divide(nfa)).build();
}

/** For each way from a place: where it leads, and what it is called. */
function forEachWay(nfa: Nfa, place: number, visit: (target: number, way: number) => void): void {
  switch (nfa.ops[place]) {
    case layout.OP_SPLIT:
      visit(nfa.args[place]!, 0);
      visit(nfa.outs[place]!, 0);
      break;
    case layout.OP_ASSERT:
      visit(nfa.outs[place]!, 0);
      break;
    case layout.OP_BYTE:
      nfa.targets[place]!.forEach((target, i) => {
        visit(target, i + 1);
      });
  }
}

const WAYS = 257;

/** The block of each place. */
function divide(nfa: Nfa): Int32Array {
  const count = nfa.ops.length;
  // Ways by where they lead: the place they come from, times WAYS, and their name.
  const first = new Int32Array(count + 1);
  for (let place = 0; place < count; place++) {
    forEachWay(nfa, place, (target) => {
      first[target + 1]!++;
    });
  }
  for (let place = 0; place < count; place++) {
    first[place + 1]! += first[place]!;
  }
  const ways = new Float64Array(first[count]!);
  const fill = first.slice();
  for (let place = 0; place < count; place++) {
    forEachWay(nfa, place, (target, way) => {
      ways[fill[target]!++] = place * WAYS + way;
    });
  }

  const blockOf = new Int32Array(count);
  const isStart = new Set(nfa.starts);
  const blocks: number[][] = [];
  const byKind = new Map<string, number>();
  for (let place = 0; place < count; place++) {
    const op = nfa.ops[place]!;
    const detail =
      op === layout.OP_BYTE ? nfa.nodes[place]!.id : op === layout.OP_SPLIT ? 0 : nfa.args[place]!;
    const key = `${op}:${detail}:${isStart.has(place)}`;
    let block = byKind.get(key);
    if (block === undefined) {
      block = blocks.push([]) - 1;
      byKind.set(key, block);
    }
    blocks[block]!.push(place);
    blockOf[place] = block;
  }

  /** From which blocks, and how, a place is reached: a number for one way, else a text. */
  const origin = (place: number): number | string => {
    const from = first[place]!;
    const end = first[place + 1]!;
    const at = (i: number) => blockOf[Math.floor(ways[i]! / WAYS)]! * WAYS + (ways[i]! % WAYS);
    if (end - from === 0) {
      return -1;
    }
    if (end - from === 1) {
      return at(from);
    }
    const all = new Set<number>();
    for (let i = from; i < end; i++) {
      all.add(at(i));
    }
    return all.size === 1 ? at(from) : [...all].sort((a, b) => a - b).join();
  };

  const isDirty = new Uint8Array(count).fill(1);
  let dirtyBlocks = new Set(blocks.keys());
  while (dirtyBlocks.size > 0) {
    const now = dirtyBlocks;
    dirtyBlocks = new Set();
    for (const block of now) {
      const parts = new Map<number | string, number[]>();
      let clean: number[] | undefined;
      for (const place of blocks[block]!) {
        // Places that are not dirty are all reached alike.
        if (!isDirty[place] && clean) {
          clean.push(place);
          continue;
        }
        const key = origin(place);
        let part = parts.get(key);
        if (!part) {
          part = [];
          parts.set(key, part);
        }
        part.push(place);
        if (!isDirty[place]) {
          clean = part;
        }
        isDirty[place] = 0;
      }
      if (parts.size === 1) {
        continue;
      }
      let largest: number[] = [];
      for (const part of parts.values()) {
        if (part.length > largest.length) {
          largest = part;
        }
      }
      blocks[block] = largest;
      for (const part of parts.values()) {
        if (part === largest) {
          continue;
        }
        const number = blocks.push(part) - 1;
        for (const place of part) {
          blockOf[place] = number;
        }
      }
      for (const part of parts.values()) {
        if (part === largest) {
          continue;
        }
        for (const place of part) {
          forEachWay(nfa, place, (target) => {
            isDirty[target] = 1;
            dirtyBlocks.add(blockOf[target]!);
          });
        }
      }
    }
  }
  return blockOf;
}

class Quotient {
  readonly #nfa: Nfa;
  readonly #blockOf: Int32Array;
  readonly #ops: number[] = [];
  readonly #args: number[] = [];
  readonly #outs: number[] = [];
  readonly #nodes: (ByteNode | undefined)[] = [];
  readonly #targets: (readonly number[])[] = [];
  readonly #fans = new Map<string, number>();

  constructor(nfa: Nfa, blockOf: Int32Array) {
    this.#nfa = nfa;
    this.#blockOf = blockOf;
  }

  build(): Nfa {
    const { ops, args, nodes, starts, hasAssertions } = this.#nfa;
    const members: number[][] = [];
    this.#blockOf.forEach((block, place) => {
      const list = members[block];
      if (list) {
        list.push(place);
      } else {
        members[block] = [place];
      }
    });
    for (const _ of members) {
      this.#add();
    }
    members.forEach((places, block) => {
      const place = places[0]!;
      const op = ops[place]!;
      this.#ops[block] = op;
      this.#args[block] = args[place]!;
      this.#nodes[block] = nodes[place];
      const ways: Set<number>[] = [];
      for (const member of places) {
        forEachWay(this.#nfa, member, (target, way) => {
          const set = ways[way];
          if (set) {
            set.add(this.#blockOf[target]!);
          } else {
            ways[way] = new Set([this.#blockOf[target]!]);
          }
        });
      }
      if (op === layout.OP_BYTE) {
        this.#targets[block] = ways.slice(1).map((set) => this.#fan([...set]));
      }
      if (op === layout.OP_ASSERT) {
        this.#outs[block] = this.#fan([...ways[0]!]);
      }
      if (op === layout.OP_SPLIT) {
        this.#split(block, [...ways[0]!]);
      }
    });
    return {
      ops: this.#ops,
      args: this.#args,
      outs: this.#outs,
      nodes: this.#nodes,
      targets: this.#targets,
      starts: [...new Set(starts.map((start) => this.#blockOf[start]!))],
      hasAssertions,
    };
  }

  /** A place that leads to all of these. */
  #fan(targets: number[]): number {
    if (targets.length === 1) {
      return targets[0]!;
    }
    const key = targets.sort((a, b) => a - b).join();
    let fan = this.#fans.get(key);
    if (fan === undefined) {
      fan = this.#add();
      this.#fans.set(key, fan);
      this.#split(fan, targets);
    }
    return fan;
  }

  #split(place: number, targets: readonly number[]): void {
    this.#ops[place] = layout.OP_SPLIT;
    this.#args[place] = targets[0]!;
    let at = place;
    for (let i = 1; i < targets.length - 1; i++) {
      const next = this.#add();
      this.#outs[at] = next;
      at = next;
      this.#ops[at] = layout.OP_SPLIT;
      this.#args[at] = targets[i]!;
    }
    this.#outs[at] = targets.at(-1)!;
  }

  #add(): number {
    this.#args.push(0);
    this.#outs.push(0);
    this.#nodes.push(undefined);
    this.#targets.push([]);
    return this.#ops.push(layout.OP_FAIL) - 1;
  }
}
