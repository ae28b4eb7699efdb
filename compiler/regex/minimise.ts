/**
 * DFA → the smallest DFA that accepts the same, in a canonical order: the same language gives the same table.
 *
 * States that lead nowhere join state 0, the rest is split by what tells two states apart (Hopcroft, over the
 * transitions that exist only, as Valmari and Lehtinen do). Then columns that became equal are joined.
 */

import { mergeClasses } from "./classes.ts";
import type { Dfa } from "./determinise.ts";

export function minimise(dfa: Dfa): Dfa {
  const count = dfa.classes.count;
  const { states, next } = dfa;
  const live = statesThatLeadSomewhere(dfa);

  // Transitions between live states, by target.
  const firstInto = new Int32Array(states + 1);
  for (let i = count; i < next.length; i++) {
    if (live[next[i]!] && live[(i / count) | 0]) {
      firstInto[next[i]! + 1]!++;
    }
  }
  for (let state = 0; state < states; state++) {
    firstInto[state + 1]! += firstInto[state]!;
  }
  const into = new Int32Array(firstInto[states]!);
  const fill = firstInto.slice();
  for (let i = count; i < next.length; i++) {
    if (live[next[i]!] && live[(i / count) | 0]) {
      into[fill[next[i]!]!++] = i;
    }
  }

  // Blocks of states: block b has members[first[b]] to members[end[b] - 1], the marked ones in front.
  const members = new Int32Array(states);
  const place = new Int32Array(states);
  const blockOf = new Int32Array(states).fill(-1);
  const first: number[] = [];
  const end: number[] = [];
  const marked: number[] = [];
  const waiting: number[] = [];
  const isWaiting: boolean[] = [];
  const byAccept = new Map<number, number[]>();
  for (let state = 1; state < states; state++) {
    if (!live[state]) {
      continue;
    }
    const accept = dfa.accepts[state]!;
    const list = byAccept.get(accept);
    if (list) {
      list.push(state);
    } else {
      byAccept.set(accept, [state]);
    }
  }
  let at = 0;
  for (const list of byAccept.values()) {
    const block = first.push(at) - 1;
    for (const state of list) {
      place[state] = at;
      blockOf[state] = block;
      members[at++] = state;
    }
    end.push(at);
    marked.push(0);
    waiting.push(block);
    isWaiting.push(true);
  }

  const sources: number[][] = Array.from({ length: count }, () => []);
  for (let splitter = waiting.pop(); splitter !== undefined; splitter = waiting.pop()) {
    isWaiting[splitter] = false;
    const used: number[] = [];
    for (let i = first[splitter]!; i < end[splitter]!; i++) {
      const target = members[i]!;
      for (let j = firstInto[target]!; j < firstInto[target + 1]!; j++) {
        const byteClass = into[j]! % count;
        const list = sources[byteClass]!;
        if (list.length === 0) {
          used.push(byteClass);
        }
        list.push((into[j]! / count) | 0);
      }
    }
    for (const byteClass of used) {
      const touched: number[] = [];
      for (const state of sources[byteClass]!) {
        const block = blockOf[state]!;
        if (marked[block] === 0) {
          touched.push(block);
        }
        const to = first[block]! + marked[block]!++;
        const other = members[to]!;
        members[place[state]!] = other;
        place[other] = place[state]!;
        members[to] = state;
        place[state] = to;
      }
      sources[byteClass] = [];
      for (const block of touched) {
        const middle = first[block]! + marked[block]!;
        marked[block] = 0;
        if (middle === end[block]) {
          continue;
        }
        // The smaller part becomes a block of its own.
        const isFrontSmaller = middle - first[block]! <= end[block]! - middle;
        const part = first.push(isFrontSmaller ? first[block]! : middle) - 1;
        end.push(isFrontSmaller ? middle : end[block]!);
        marked.push(0);
        if (isFrontSmaller) {
          first[block] = middle;
        } else {
          end[block] = middle;
        }
        for (let i = first[part]!; i < end[part]!; i++) {
          blockOf[members[i]!] = part;
        }
        isWaiting.push(true);
        waiting.push(part);
      }
    }
  }
  return renumber(dfa, blockOf);
}

/** Whether an accepting state can be reached. */
function statesThatLeadSomewhere(dfa: Dfa): Uint8Array {
  const count = dfa.classes.count;
  const firstInto = new Int32Array(dfa.states + 1);
  for (let i = count; i < dfa.next.length; i++) {
    firstInto[dfa.next[i]! + 1]!++;
  }
  for (let state = 0; state < dfa.states; state++) {
    firstInto[state + 1]! += firstInto[state]!;
  }
  const into = new Int32Array(firstInto[dfa.states]!);
  const fill = firstInto.slice();
  for (let i = count; i < dfa.next.length; i++) {
    into[fill[dfa.next[i]!]!++] = (i / count) | 0;
  }

  const live = new Uint8Array(dfa.states);
  const stack: number[] = [];
  const visit = (state: number) => {
    if (!live[state]) {
      stack.push(state);
    }
    live[state] = 1;
  };
  dfa.accepts.forEach((accept, state) => {
    if (accept) {
      visit(state);
    }
  });
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    for (let i = firstInto[state]!; i < firstInto[state + 1]!; i++) {
      visit(into[i]!);
    }
  }
  return live;
}

/** One state for each block that the start reaches, those that accept last, each half in order of discovery. */
function renumber(dfa: Dfa, blockOf: Int32Array): Dfa {
  const oldCount = dfa.classes.count;
  const blockAt = (state: number) => (state === 0 ? -1 : blockOf[state]!);
  const start = blockAt(dfa.start);
  const order: number[] = [];
  const representative = new Map<number, number>();
  if (start >= 0) {
    representative.set(start, dfa.start);
    order.push(start);
  }
  for (const block of order) {
    const row = representative.get(block)! * oldCount;
    for (let i = row; i < row + oldCount; i++) {
      const target = dfa.next[i]!;
      const targetBlock = blockAt(target);
      if (targetBlock < 0 || representative.has(targetBlock)) {
        continue;
      }
      representative.set(targetBlock, target);
      order.push(targetBlock);
    }
  }
  const acceptOf = (block: number) => dfa.accepts[representative.get(block)!]!;
  const sorted = [...order.filter((block) => !acceptOf(block)), ...order.filter((block) => acceptOf(block))];
  const numberOf = new Map(sorted.map((block, i) => [block, i + 1]));
  const states = sorted.length + 1;

  const wide = new Int32Array(states * oldCount);
  const accepts = new Int32Array(states);
  const acceptSets: (readonly number[])[] = [];
  const acceptIds = new Map<number, number>();
  sorted.forEach((block, i) => {
    const from = representative.get(block)! * oldCount;
    for (let c = 0; c < oldCount; c++) {
      wide[(i + 1) * oldCount + c] = numberOf.get(blockAt(dfa.next[from + c]!)) ?? 0;
    }
    const old = acceptOf(block);
    if (!old) {
      return;
    }
    let id = acceptIds.get(old);
    if (id === undefined) {
      id = acceptSets.push(dfa.acceptSets[old - 1]!);
      acceptIds.set(old, id);
    }
    accepts[i + 1] = id;
  });

  const classes = mergeClasses(dfa.classes, equalColumns(wide, states, oldCount));
  const count = classes.count;
  const columns = Array.from(classes.sample, (byte) => dfa.classes.ofByte[byte]!);
  const next = new Int32Array(states * count);
  for (let state = 1; state < states; state++) {
    columns.forEach((column, c) => {
      next[state * count + c] = wide[state * oldCount + column]!;
    });
  }
  return { classes, states, next, start: numberOf.get(start) ?? 0, accepts, acceptSets };
}

/** For each column, the first that equals it. */
function equalColumns(table: Int32Array, states: number, count: number): number[] {
  const byHash = new Map<number, number[]>();
  return Array.from({ length: count }, (_, column) => {
    let hash = 0;
    for (let state = 1; state < states; state++) {
      hash = (Math.imul(hash, 0x01000193) ^ table[state * count + column]!) | 0;
    }
    let bucket = byHash.get(hash);
    if (!bucket) {
      bucket = [];
      byHash.set(hash, bucket);
    }
    const same = bucket.find((other) => {
      for (let state = 1; state < states; state++) {
        if (table[state * count + column] !== table[state * count + other]) {
          return false;
        }
      }
      return true;
    });
    if (same === undefined) {
      bucket.push(column);
    }
    return same ?? column;
  });
}
