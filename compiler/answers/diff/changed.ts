/**
 * Which rules of two lists have changed. What is left stands in the same order on both sides, so that a request which
 * is decided differently is decided by a changed rule on one side at least: were both unchanged, the earlier one of
 * them would decide on both.
 */

/** Indices of what has no counterpart. `left` and `right` are what tells rules apart. */
export function changedRules(
  left: readonly string[],
  right: readonly string[],
): { readonly left: number[]; readonly right: number[] } {
  const places = new Map<string, number[]>();
  for (let i = right.length - 1; i >= 0; i--) {
    const known = places.get(right[i]!);
    if (known === undefined) {
      places.set(right[i]!, [i]);
    } else {
      known.push(i);
    }
  }
  // Of equal rules the first stands for the first.
  const counterparts = left.map((key) => places.get(key)?.pop());
  const keptLeft = longestRise(counterparts);
  const keptRight = new Set([...keptLeft].map((i) => counterparts[i]!));
  return {
    left: left.flatMap((_, i) => (keptLeft.has(i) ? [] : [i])),
    right: right.flatMap((_, i) => (keptRight.has(i) ? [] : [i])),
  };
}

/** The places of a longest rising sequence of numbers. */
function longestRise(numbers: readonly (number | undefined)[]): Set<number> {
  /** For each length, the place of the smallest number that ends a rise so long. */
  const ends: number[] = [];
  const before: (number | undefined)[] = [];
  for (const [i, number] of numbers.entries()) {
    if (number === undefined) {
      continue;
    }
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (numbers[ends[middle]!]! < number) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    before[i] = low === 0 ? undefined : ends[low - 1];
    ends[low] = i;
  }
  const found = new Set<number>();
  for (let at = ends.at(-1); at !== undefined; at = before[at]) {
    found.add(at);
  }
  return found;
}
