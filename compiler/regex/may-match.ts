/**
 * Whether an expression may match a text, or some text that begins with it: "no" is certain. Assertions are taken for
 * granted. A walk over the automaton's states that mostly ends after a few characters: asked of thousands of expressions.
 */

import * as layout from "../../filter/regex/layout.ts";
import { buildNfa, type Nfa } from "./nfa.ts";
import { parseRegex } from "./parse.ts";

const MAX_KEPT = 20_000;
const kept = new Map<string, Nfa>();

function nfaOf(pattern: string): Nfa {
  let nfa = kept.get(pattern);
  if (nfa === undefined) {
    nfa = buildNfa([parseRegex(pattern)]);
    if (kept.size >= MAX_KEPT) {
      kept.clear();
    }
    kept.set(pattern, nfa);
  }
  return nfa;
}

export function mayMatch(pattern: string, text: string, isWhole: boolean): boolean {
  const nfa = nfaOf(pattern);
  let states = new Set<number>();
  reach(nfa, nfa.starts[0]!, states);
  for (const byte of Buffer.from(text)) {
    const next = new Set<number>();
    for (const state of states) {
      if (nfa.ops[state] !== layout.OP_BYTE) {
        continue;
      }
      const way = nfa.nodes[state]!.ways[byte]!;
      if (way !== 0) {
        reach(nfa, nfa.targets[state]![way - 1]!, next);
      }
    }
    if (next.size === 0) {
      return false;
    }
    states = next;
  }
  return !isWhole || [...states].some((state) => nfa.ops[state] === layout.OP_MATCH);
}

/** A state, and those that need no character. */
function reach(nfa: Nfa, first: number, states: Set<number>): void {
  const pending = [first];
  for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
    if (states.has(state)) {
      continue;
    }
    states.add(state);
    const op = nfa.ops[state];
    if (op === layout.OP_SPLIT) {
      pending.push(nfa.args[state]!, nfa.outs[state]!);
    } else if (op === layout.OP_ASSERT) {
      pending.push(nfa.outs[state]!);
    }
  }
}
