/** What one set of resources has that another has not. */

import { type Resource, type ResourceSet, resourcesOf } from "../../back/xds/resource-set.ts";
import { onceForTwo } from "../ads/once-for-two.ts";

export interface Difference {
  /** New or other than before. */
  readonly changed: readonly Resource[];
  /** Not there any more. */
  readonly removed: readonly Resource[];
}

/** The same object for the same two sets. */
export const differenceOf = onceForTwo((before: ResourceSet, after: ResourceSet): Difference => {
  return {
    changed: resourcesOf(after).filter((resource) => {
      const known = before[resource.type].get(resource.name);
      return known === undefined || (known !== resource && known.version !== resource.version);
    }),
    removed: resourcesOf(before).filter(({ type, name }) => !after[type].has(name)),
  };
});
