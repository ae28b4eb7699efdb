/** How findings name a resource. */

import type { Resource } from "./resource.ts";

/** `VirtualService shop/reviews`. */
export function describeResource({
  kind,
  namespace,
  name,
}: Pick<Resource<unknown>, "kind" | "namespace" | "name">): string {
  return `${kind} ${namespace}/${name}`;
}
