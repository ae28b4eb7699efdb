/**
 * Whether a set of resources makes sense by itself: whatever a resource names is there, and what is only there for
 * somebody is named by somebody. An Envoy that is given another set waits for what is missing, or ignores what is too
 * much, and says neither.
 */

import {
  keyOf,
  namedIn,
  type Reference,
  type Resource,
  type ResourceSet,
  resourcesOf,
} from "./resource-set.ts";

export type Inconsistency =
  /** `by` cannot do without it. */
  | ({ readonly kind: "missing"; readonly by: Resource } & Reference)
  /** Nobody names it. */
  | { readonly kind: "unused"; readonly resource: Resource };

/** Everything that is wrong; nothing when the set is consistent. */
export function inconsistenciesOf(set: ResourceSet): Inconsistency[] {
  const named = namedIn(set);
  const found: Inconsistency[] = [];
  for (const by of resourcesOf(set)) {
    for (const reference of by.needs) {
      if (!isThere(set, by, reference)) {
        found.push({ kind: "missing", by, ...reference });
      }
    }
  }
  for (const resource of [...set.endpoints.values(), ...set.routes.values(), ...set.extension.values()]) {
    if (!named.has(keyOf(resource))) {
      found.push({ kind: "unused", resource });
    }
  }
  return found;
}

function isThere(set: ResourceSet, by: Resource, { type, name }: Reference): boolean {
  if (type !== "class") {
    return set[type].has(name);
  }
  // A listener that has its table of classes inside has the same table as its program.
  const routes = set.routes.get(by.name);
  return routes === undefined || routes.classes?.has(name) === true;
}
