/**
 * Makes the decision graph of one virtual host: nodes that, for a request, yield the smallest route index whose
 * predicates hold. The cost of a request must not grow with the number of routes, so candidates are told apart
 * by the attribute that leaves fewest of them, again and again until a handful is left.
 *
 * A candidate takes part in a switch under one key: one positive predicate on the switch's attribute. Reaching its
 * key's child proves that predicate, which is then no longer checked; a candidate without a key on the attribute
 * goes to `rest`. So nothing is ever repeated in two children (but a few short lists), and the graph's size is
 * linear in the rules.
 */

import * as layout from "../../../filter/layout.ts";
import { writeBits } from "./bits.ts";
import {
  type Candidate,
  candidateWords,
  type GraphContext,
  mergeInOrder,
  reachable,
  without,
} from "./candidate.ts";
import { keyOf, type Narrowing, narrowings } from "./narrow.ts";
import { writeRegexSets } from "./regex-set.ts";
import { writeTable } from "./table.ts";
import { writeTrie } from "./trie.ts";

/** So many candidates are simply tried in order. */
const LEAF_MAX = 4;
/** Candidates of shorter prefixes are repeated below a longer one while they are so few in all. */
const MERGE_MAX = 4;
/** A switch is of use when at least this part of the candidates has a key on its attribute. */
const KEYED_MIN = 1 / 8;
/** So many prefixes of one text are looked at one after another; where there can be more, bits are cheaper. */
const CHAIN_MAX = 8;

/** A node by reference and the smallest route below it. */
export interface Node {
  readonly reference: number;
  readonly min: number;
}

const NO_NODE: Node = { reference: layout.NODE_NONE, min: layout.ROUTE_NONE };

/** Writes the graph of candidates and returns its root. */
export function writeNode(context: GraphContext, all: readonly Candidate[]): Node {
  const candidates = reachable(all);
  const first = candidates[0];
  if (!first) {
    return NO_NODE;
  }
  if (first.predicates.length === 0) {
    return { reference: ((first.route << layout.NODE_SHIFT) | layout.NODE_DIRECT) >>> 0, min: first.route };
  }
  if (candidates.length > LEAF_MAX) {
    const options = narrowings(candidates, MERGE_MAX);
    const best = narrowest(options, candidates.length);
    if (best) {
      return writeSwitch(context, candidates, best.attribute);
    }
    const fan = writeFan(context, candidates, options);
    if (fan) {
      return fan;
    }
    const bits = writeBits(context, candidates);
    if (bits !== undefined) {
      return { reference: bits, min: first.route };
    }
  }
  return writeLeaf(context, candidates);
}

/** The attribute that leaves fewest candidates in the worst case; undefined when none helps. */
function narrowest(options: readonly Narrowing[], total: number): Narrowing | undefined {
  let best: Narrowing | undefined;
  let bestLeft = Number.POSITIVE_INFINITY;
  for (const option of options) {
    if (option.keyed < total * KEYED_MIN || option.chain > CHAIN_MAX) {
      continue;
    }
    const left = option.largest + total - option.keyed;
    if (left < bestLeft) {
      best = option;
      bestLeft = left;
    }
  }
  return best;
}

function writeLeaf(context: GraphContext, candidates: readonly Candidate[]): Node {
  const min = candidates[0]!.route;
  const body: number[] = [min];
  for (const candidate of candidates) {
    body.push(...candidateWords(context, candidate));
  }
  return { reference: context.writer.record(layout.KIND_LEAF, body), min };
}

function writeSwitch(context: GraphContext, candidates: readonly Candidate[], attribute: number): Node {
  const { writer } = context;
  const exact = new Map<string, Candidate[]>();
  const prefixes = new Map<string, Candidate[]>();
  const regexes = new Map<string, Candidate[]>();
  const present: Candidate[] = [];
  const rest: Candidate[] = [];
  for (const candidate of candidates) {
    const key = keyOf(candidate, attribute);
    if (!key) {
      rest.push(candidate);
    } else if (key.match.kind === "present") {
      present.push(without(candidate, key));
    } else {
      append(
        { exact, prefix: prefixes, regex: regexes }[key.match.kind],
        key.match.value,
        without(candidate, key),
      );
    }
  }
  let min: number = layout.ROUTE_NONE;
  const child = (list: readonly Candidate[]): Node => {
    const node = writeNode(context, list);
    min = Math.min(min, node.min);
    return node;
  };
  const exactNodes = new Map([...exact].map(([value, list]) => [value, child(list).reference]));
  const exactTable = writeTable(writer, layout.KIND_NODE_TABLE, exactNodes);
  const trie = writeTrie<readonly Candidate[], readonly Candidate[]>(
    writer,
    layout.KIND_TRIE,
    prefixes,
    (own, above, aboveIsLast) => {
      // A short list takes over what the shorter prefix has to say, so that one look suffices.
      const merged = above ? reachable(mergeInOrder(own, above.value)) : own;
      const complete = aboveIsLast && (merged.length <= MERGE_MAX || merged.length <= own.length);
      const value = complete ? merged : own;
      return { value, ...child(value), complete };
    },
  );
  const regexSets = writeRegexNodes(context, regexes);
  min = Math.min(min, regexSets.min);
  const presentNode = child(present).reference;
  const restNode = child(rest).reference;
  const reference = writer.record(layout.KIND_SWITCH, [
    min,
    attribute,
    restNode,
    exactTable,
    trie,
    regexSets.reference,
    presentNode,
  ]);
  return { reference, min };
}

/** Writes the expressions of a switch. What matches together is one short list, or several nodes in order. */
function writeRegexNodes(context: GraphContext, regexes: ReadonlyMap<string, readonly Candidate[]>): Node {
  const lists = [...regexes.values()];
  const nodes = new Map<number, Node>();
  let min: number = layout.ROUTE_NONE;
  for (const list of lists) {
    min = Math.min(min, list[0]?.route ?? layout.ROUTE_NONE);
  }
  const nodeOf = (member: number): Node => {
    let node = nodes.get(member);
    if (!node) {
      node = writeNode(context, lists[member]!);
      nodes.set(member, node);
    }
    return node;
  };
  const reference = writeRegexSets(context, layout.KIND_REGEX_SET, [...regexes.keys()], (members) => {
    if (members.length === 1) {
      return nodeOf(members[0]!).reference;
    }
    const merged = reachable(members.map((member) => lists[member]!).reduce(mergeInOrder));
    if (merged.length <= MERGE_MAX) {
      return writeNode(context, merged).reference;
    }
    const parts = members.map(nodeOf).sort((a, b) => a.min - b.min);
    return context.writer.record(layout.KIND_EACH, [parts[0]!.min, ...parts.map((part) => part.reference)]);
  });
  return { reference, min };
}

function append(map: Map<string, Candidate[]>, key: string, candidate: Candidate): void {
  const list = map.get(key);
  if (list) {
    list.push(candidate);
  } else {
    map.set(key, [candidate]);
  }
}

/** Files each candidate under the rarest of its attributes. Undefined when few attributes are asked for. */
function writeFan(
  context: GraphContext,
  candidates: readonly Candidate[],
  options: readonly Narrowing[],
): Node | undefined {
  const rare = new Map(
    options
      // Claims are not among what a request was found to have: they are read when one is asked for.
      .filter(
        ({ attribute, keyed }) =>
          attribute > 1 && attribute < context.firstClaim && keyed < candidates.length * KEYED_MIN,
      )
      .map((option) => [option.attribute, option]),
  );
  const groups = new Map<number, Candidate[]>();
  const rest: Candidate[] = [];
  for (const candidate of candidates) {
    let rarest: Narrowing | undefined;
    for (const { attribute } of candidate.predicates) {
      const option = rare.get(attribute);
      if (!option || (rarest && rarest.keyed <= option.keyed) || !keyOf(candidate, attribute)) {
        continue;
      }
      rarest = option;
    }
    if (!rarest) {
      rest.push(candidate);
      continue;
    }
    const group = groups.get(rarest.attribute);
    if (group) {
      group.push(candidate);
    } else {
      groups.set(rarest.attribute, [candidate]);
    }
  }
  if (groups.size <= LEAF_MAX) {
    return undefined;
  }
  let min: number = layout.ROUTE_NONE;
  const entries: number[] = [];
  let query = 0;
  for (const [attribute, group] of [...groups].sort(([a], [b]) => a - b)) {
    const node = writeSwitch(context, group, attribute);
    min = Math.min(min, node.min);
    if (attribute >= context.firstQuery) {
      query = 1;
    }
    entries.push(attribute, node.reference);
  }
  const restNode = writeNode(context, rest);
  min = Math.min(min, restNode.min);
  return {
    reference: context.writer.record(layout.KIND_FAN, [min, restNode.reference, query, ...entries]),
    min,
  };
}
