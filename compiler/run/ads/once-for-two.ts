/**
 * What follows from two values that never change, found once for all who ask about the same two: thousands of proxies go from one
 * set of resources to another, and plan it alike. It is forgotten with the values.
 */

export function onceForTwo<First extends object, Second extends object, Result>(
  find: (first: First, second: Second) => Result,
): (first: First, second: Second) => Result {
  const known = new WeakMap<First, WeakMap<Second, { readonly result: Result }>>();
  return (first, second) => {
    let own = known.get(first);
    if (own === undefined) {
      own = new WeakMap();
      known.set(first, own);
    }
    let found = own.get(second);
    if (found === undefined) {
      found = { result: find(first, second) };
      own.set(second, found);
    }
    return found.result;
  };
}
