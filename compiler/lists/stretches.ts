/**
 * Long lists in stretches, so that what is asked of all their items is asked again of few: a list in which one item has changed
 * has all but one stretch in common with the list before it, and those are the same objects.
 */

/** Items: a change leaves a hundredth of ten thousand to be asked again, and a hundred answers to put together. */
const USUAL = 100;
/** One shorter than that goes on into the next, or a list that grows item by item would have ever more of them. */
const LEAST = USUAL / 2;
const MOST = USUAL + LEAST;
/** Of the stretches that begin with one item, so many are kept. */
const KEPT = 2;

/** By their first item. */
const known = new WeakMap<object, readonly (readonly object[])[]>();

/** Stretches of a list of values that never change, in its order. */
export function stretchesOf<T extends object>(list: readonly T[]): readonly (readonly T[])[] {
  const stretches: (readonly T[])[] = [];
  for (let from = 0; from < list.length; ) {
    const stretch = knownAt(list, from) ?? newAt(list, from);
    stretches.push(stretch);
    from += stretch.length;
  }
  return stretches;
}

/** What `make` makes of each stretch of a list, which it makes once. */
export function perStretch<T extends object, Made>(
  make: (stretch: readonly T[]) => Made,
): (list: readonly T[]) => readonly Made[] {
  const made = new WeakMap<readonly T[], { readonly made: Made }>();
  return (list) =>
    stretchesOf(list).map((stretch) => {
      const before = made.get(stretch) ?? { made: make(stretch) };
      made.set(stretch, before);
      return before.made;
    });
}

function knownAt<T extends object>(list: readonly T[], from: number): readonly T[] | undefined {
  const all = known.get(list[from]!) as readonly (readonly T[])[] | undefined;
  return all?.find((stretch) => {
    let at = 0;
    while (at < stretch.length && stretch[at] === list[from + at]) {
      at++;
    }
    return at === stretch.length;
  });
}

/** Up to where the list goes on as it did before. */
function newAt<T extends object>(list: readonly T[], from: number): readonly T[] {
  const most = Math.min(list.length, from + MOST);
  let to = Math.min(list.length, from + LEAST);
  while (to < most && knownAt(list, to) === undefined) {
    to++;
  }
  if (to === from + MOST) {
    to = from + USUAL;
  }
  const stretch = list.slice(from, to);
  known.set(stretch[0]!, [stretch, ...(known.get(stretch[0]!) ?? [])].slice(0, KEPT));
  return stretch;
}
