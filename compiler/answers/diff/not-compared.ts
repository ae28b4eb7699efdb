/**
 * What Istio's proxy obeys besides the rules, where the two sides have not the same. No request can be found that shows it, since
 * nothing here decides by it; that there is more to look at has to be said, or "no difference" would be believed.
 */

import { isDeepStrictEqual } from "node:util";
import type { UnreadResource } from "../../front/istio/unread/unread-resource.ts";
import { compareStrings } from "../../ir/text.ts";

/** A resource that is not read, and that one side has otherwise. Fields are added, never changed or removed. */
export interface NotCompared {
  readonly kind: string;
  /** `namespace/name` */
  readonly resource: string;
  readonly change: "added" | "removed" | "changed";
}

export function notCompared(
  before: readonly UnreadResource[],
  after: readonly UnreadResource[],
): NotCompared[] {
  const [old, now] = [byName(before), byName(after)];
  return [...new Set([...old.keys(), ...now.keys()])].sort(compareStrings).flatMap((name) => {
    const [was, is] = [old.get(name), now.get(name)];
    if (was !== undefined && is !== undefined && saysTheSame(was, is)) {
      return [];
    }
    const { kind, namespace, name: own } = (is ?? was)!.resource;
    const change = was === undefined ? "added" : is === undefined ? "removed" : "changed";
    return [{ kind, resource: `${namespace}/${own}`, change }];
  });
}

/** `AuthorizationPolicy shop/no-admin is new` */
export function notComparedText({ kind, resource, change }: NotCompared): string {
  return `${kind} ${resource} is ${change === "added" ? "new" : change}`;
}

function byName(unread: readonly UnreadResource[]): Map<string, UnreadResource> {
  return new Map(
    unread
      .filter(({ effect }) => effect !== "demandsMutualTls")
      .map((one) => [`${one.resource.kind} ${one.resource.namespace}/${one.resource.name}`, one]),
  );
}

function saysTheSame({ resource: one }: UnreadResource, { resource: other }: UnreadResource): boolean {
  const fields = ({ document }: typeof one) => ({ ...document, metadata: undefined, status: undefined });
  return (
    isDeepStrictEqual(fields(one), fields(other)) && isDeepStrictEqual(one.annotations, other.annotations)
  );
}
