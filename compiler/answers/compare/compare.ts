/**
 * Two lists of rules, of which the first that fits decides: which pairs of rules are there for one request, the one
 * deciding on the left and the other on the right, with different outcomes? Attribute by attribute the lists shrink to
 * what still may fit; lists that have become the same, or were met before, are not gone into again.
 */

import type { Attribute, AttributeValue, Constraint } from "./attributes.ts";

/** A rule as the search sees it. */
export interface Candidate {
  readonly constraints: readonly Constraint[];
  /** Equal for rules that decide the same. */
  readonly outcome: string;
}

export interface Pair {
  /** Indices; `undefined`: no rule. */
  readonly left: number | undefined;
  readonly right: number | undefined;
  /** A request of the pair: for each attribute one of its values. Attributes that do not matter are not there. */
  readonly request: ReadonlyMap<number, AttributeValue>;
}

export interface Comparison {
  readonly pairs: readonly Pair[];
  /** False: the search was given up, and there may be more pairs. */
  readonly complete: boolean;
}

/** Rules looked at, of all lists together. */
export const DEFAULT_WORK = 5_000_000;

export function compareRules(
  left: readonly Candidate[],
  right: readonly Candidate[],
  attributes: readonly Attribute[],
  maxWork = DEFAULT_WORK,
  maxPairs = Number.POSITIVE_INFINITY,
  /** Only requests that this admits. */
  region: readonly Constraint[] = [],
): Comparison {
  return new Search(left, right, attributes, maxWork, maxPairs, region).run();
}

class OutOfWork extends Error {}
class Enough extends Error {}

/** Rules that are still in question, in their order, by their number on one side. */
type List = readonly number[];

class Side {
  readonly candidates: readonly Candidate[];
  /** For each rule, what it admits of each attribute that it names. */
  readonly #admitted: readonly ReadonlyMap<number, readonly number[]>[];
  /** For each rule, the last attribute that it names, or -1. */
  readonly #last: readonly number[];
  /** The same for rules that are the same from an attribute on, on both sides; one with what they decide, one without. */
  readonly #identity: (candidate: number, attribute: number) => number;
  readonly matchIdentity: (candidate: number, attribute: number) => number;

  constructor(
    candidates: readonly Candidate[],
    identities: Map<string, number>,
    matchIdentities: Map<string, number>,
  ) {
    this.candidates = candidates;
    this.#admitted = candidates.map(
      ({ constraints }) => new Map(constraints.map(({ attribute, values }) => [attribute, values])),
    );
    this.#last = candidates.map(({ constraints }) => constraints.at(-1)?.attribute ?? -1);
    this.matchIdentity = numbering(candidates, matchIdentities, (rest) =>
      JSON.stringify(rest.map(({ attribute, values }) => [attribute, values])),
    );
    this.#identity = numbering(
      candidates,
      identities,
      (rest, candidate) =>
        `${this.matchIdentity(candidate, rest[0]?.attribute ?? ALL_ASKED)} ${candidates[candidate]!.outcome}`,
    );
  }

  all(): List {
    return this.candidates.flatMap(({ constraints }, i) =>
      constraints.some(({ values }) => values.length === 0) ? [] : [i],
    );
  }

  /** Without what stands behind a rule that nothing is left to ask of. */
  trim(list: List, attribute: number): List {
    const end = list.findIndex((candidate) => this.#last[candidate]! < attribute);
    return end < 0 || end === list.length - 1 ? list : list.slice(0, end + 1);
  }

  isDecided(list: List, attribute: number): boolean {
    return list.length === 0 || this.#last[list[0]!]! < attribute;
  }

  next(list: List, attribute: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const candidate of list) {
      for (const { attribute: own } of this.candidates[candidate]!.constraints) {
        if (own >= attribute && own < next) {
          next = own;
        }
      }
    }
    return next;
  }

  admitted(candidate: number, attribute: number): readonly number[] | undefined {
    return this.#admitted[candidate]!.get(attribute);
  }

  identity(list: List, attribute: number): string {
    return list.map((candidate) => this.#identity(candidate, attribute)).join();
  }
}

const ALL_ASKED = Number.POSITIVE_INFINITY;

/** Numbers rules by what is left of them from an attribute on. */
function numbering(
  candidates: readonly Candidate[],
  numbers: Map<string, number>,
  keyOf: (rest: readonly Constraint[], candidate: number) => string,
): (candidate: number, attribute: number) => number {
  const known = candidates.map(() => new Map<number, number>());
  return (candidate, attribute) => {
    const { constraints } = candidates[candidate]!;
    const first = constraints.findIndex((one) => one.attribute >= attribute);
    const from = first < 0 ? constraints.length : first;
    let number = known[candidate]!.get(from);
    if (number === undefined) {
      const key = keyOf(constraints.slice(from), candidate);
      number = numbers.get(key) ?? numbers.size;
      numbers.set(key, number);
      known[candidate]!.set(from, number);
    }
    return number;
  };
}

/** Lists with more rules than that behind the place where they part are searched without looking ahead. */
const MAX_LOOKED_AHEAD = 64;

class Search {
  readonly #left: Side;
  readonly #right: Side;
  readonly #attributes: readonly Attribute[];
  readonly #pairs = new Map<string, Pair>();
  readonly #seen = new Set<string>();
  readonly #chosen = new Map<number, AttributeValue>();
  readonly #maxPairs: number;
  readonly #region: ReadonlyMap<number, readonly number[]>;
  #work: number;

  constructor(
    left: readonly Candidate[],
    right: readonly Candidate[],
    attributes: readonly Attribute[],
    maxWork: number,
    maxPairs: number,
    region: readonly Constraint[],
  ) {
    this.#region = new Map(region.map(({ attribute, values }) => [attribute, values]));
    this.#maxPairs = maxPairs;
    const identities = new Map<string, number>();
    const matchIdentities = new Map<string, number>();
    this.#left = new Side(left, identities, matchIdentities);
    this.#right = new Side(right, identities, matchIdentities);
    this.#attributes = attributes;
    this.#work = maxWork;
  }

  run(): Comparison {
    try {
      this.#visit(this.#left.all(), this.#right.all(), 0);
      return { pairs: [...this.#pairs.values()], complete: true };
    } catch (error) {
      if (error instanceof Enough) {
        return { pairs: [...this.#pairs.values()], complete: false };
      }
      // One level for each attribute: thousands of them are too deep.
      if (!(error instanceof OutOfWork) && !(error instanceof RangeError)) {
        throw error;
      }
      return { pairs: [...this.#pairs.values()], complete: false };
    }
  }

  #visit(allLeft: List, allRight: List, attribute: number): void {
    const left = this.#left.trim(allLeft, attribute);
    const right = this.#right.trim(allRight, attribute);
    this.#spend(left.length + right.length + 1);
    if (this.#left.isDecided(left, attribute) && this.#right.isDecided(right, attribute)) {
      this.#decided(left[0], right[0]);
      return;
    }
    const next = Math.min(this.#left.next(left, attribute), this.#right.next(right, attribute));
    const leftIdentity = this.#left.identity(left, next);
    const rightIdentity = this.#right.identity(right, next);
    if (leftIdentity === rightIdentity || !this.#mayFindMore(left, right, next)) {
      return;
    }
    // Not by identity: rules that decide the same are still different rules to report.
    const key = `${next} ${left.join()} ${right.join()}`;
    if (this.#seen.has(key)) {
      return;
    }
    this.#seen.add(key);
    const leftBranches = this.#branches(this.#left, left, next);
    const rightBranches = this.#branches(this.#right, right, next);
    const { values } = this.#attributes[next]!;
    const done = new Set<string>();
    for (const value of this.#region.get(next) ?? values.keys()) {
      const chosen = values[value]!;
      const ofLeft = leftBranches.of(value);
      const ofRight = rightBranches.of(value);
      this.#spend(1);
      const branch = `${ofLeft.key}/${ofRight.key}`;
      if (done.has(branch)) {
        continue;
      }
      done.add(branch);
      this.#chosen.set(next, chosen);
      this.#visit(ofLeft.list(), ofRight.list(), next + 1);
      this.#chosen.delete(next);
    }
  }

  /**
   * Whether some pair that could still decide is not known. Where both sides have a rule of the same conditions, what
   * stands behind it on one side never decides together with it on the other: of two lists that ask the same in the same
   * order only rules at the same place are pairs.
   */
  #mayFindMore(left: List, right: List, attribute: number): boolean {
    const ofLeft = left.map((candidate) => this.#left.matchIdentity(candidate, attribute));
    const ofRight = right.map((candidate) => this.#right.matchIdentity(candidate, attribute));
    let same = 0;
    while (same < left.length && same < right.length && ofLeft[same] === ofRight[same]) {
      if (this.#isNews(left[same], right[same])) {
        return true;
      }
      same++;
    }
    if (left.length - same > MAX_LOOKED_AHEAD || right.length - same > MAX_LOOKED_AHEAD) {
      return true;
    }
    // At the end of a list stands that no rule decides.
    const limit = (own: number | undefined, others: readonly number[]) => {
      const at = own === undefined ? -1 : others.indexOf(own, same);
      return at < 0 ? others.length : at;
    };
    const limitsOfRight = Array.from({ length: right.length - same + 1 }, (_, j) =>
      limit(ofRight[same + j], ofLeft),
    );
    for (let i = same; i <= left.length; i++) {
      const last = limit(ofLeft[i], ofRight);
      for (let j = same; j <= last; j++) {
        if (i <= limitsOfRight[j - same]! && this.#isNews(left[i], right[j])) {
          return true;
        }
      }
    }
    return false;
  }

  #isNews(left: number | undefined, right: number | undefined): boolean {
    return this.#differ(left, right) && !this.#pairs.has(`${left} ${right}`);
  }

  #differ(left: number | undefined, right: number | undefined): boolean {
    const ofLeft = left === undefined ? undefined : this.#left.candidates[left]!.outcome;
    const ofRight = right === undefined ? undefined : this.#right.candidates[right]!.outcome;
    return ofLeft !== ofRight;
  }

  /** What is left of a list for each value, merged in order of what speaks of the attribute and what does not. */
  #branches(side: Side, list: List, attribute: number) {
    const free: number[] = [];
    const byValue = new Map<number, number[]>();
    for (const candidate of list) {
      const values = side.admitted(candidate, attribute);
      if (values === undefined) {
        free.push(candidate);
        continue;
      }
      this.#spend(values.length);
      for (const value of values) {
        const known = byValue.get(value);
        if (known === undefined) {
          byValue.set(value, [candidate]);
        } else {
          known.push(candidate);
        }
      }
    }
    return {
      of(value: number) {
        const own = byValue.get(value) ?? [];
        return { key: own.join(), list: () => merge(own, free) };
      },
    };
  }

  #decided(left: number | undefined, right: number | undefined): void {
    if (!this.#differ(left, right)) {
      return;
    }
    const key = `${left} ${right}`;
    if (!this.#pairs.has(key)) {
      this.#pairs.set(key, { left, right, request: new Map(this.#chosen) });
    }
    if (this.#pairs.size >= this.#maxPairs) {
      throw new Enough();
    }
  }

  #spend(work: number): void {
    this.#work -= work;
    if (this.#work < 0) {
      throw new OutOfWork();
    }
  }
}

function merge(a: List, b: List): List {
  if (a.length === 0) {
    return b;
  }
  if (b.length === 0) {
    return a;
  }
  const merged: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    merged.push(a[i]! < b[j]! ? a[i++]! : b[j++]!);
  }
  while (i < a.length) {
    merged.push(a[i++]!);
  }
  while (j < b.length) {
    merged.push(b[j++]!);
  }
  return merged;
}
