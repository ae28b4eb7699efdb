/**
 * What of a list is new: of ten thousand rules one has changed, and what is known of the others need not be found again.
 * Items are the same when they are the same object: whoever asks has lists of values that never change.
 */

/** The stretch in which two lists differ: `before[from]` to `before[beforeTo - 1]` became `now[from]` to `now[to - 1]`. */
export interface ListChange {
  readonly from: number;
  readonly beforeTo: number;
  readonly to: number;
}

export function listChange<T>(before: readonly T[], now: readonly T[]): ListChange {
  const shorter = Math.min(before.length, now.length);
  let from = 0;
  while (from < shorter && before[from] === now[from]) {
    from++;
  }
  let behind = 0;
  while (behind < shorter - from && before[before.length - 1 - behind] === now[now.length - 1 - behind]) {
    behind++;
  }
  return { from, beforeTo: before.length - behind, to: now.length - behind };
}

/** Whether two lists have the same items. */
export function areSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, i) => item === other[i]);
}
