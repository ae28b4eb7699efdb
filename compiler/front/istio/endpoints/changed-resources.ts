/**
 * Which resources differ between two readings of one source, where they differ in nothing but endpoints: who runs where, and
 * who answers for a service. A change of anything else is for the compiler.
 *
 * Resources are compared by what the front end reads of them. Whatever kind it learns to read is compared, too, without a
 * word here.
 */

import { isDeepStrictEqual } from "node:util";
import type { Resource, ResourceList, ResourceSet, ServiceEntrySpec } from "../../resources/model.ts";
import { annotatedWorkloads } from "../../resources/proxy-annotations.ts";

/** Kinds that say nothing but where endpoints are: they come, go and change. */
const OF_ENDPOINTS = ["workloadEntries", "endpointSlices", "endpoints", "pods"] as const;
type EndpointList = (typeof OF_ENDPOINTS)[number];

/** Of each kind, what is there in only one of the two readings, be it as an older or a newer version. */
export type ChangedResources = {
  readonly [List in EndpointList]: ResourceSet[List];
} & {
  /** As they are now, of those whose own list of endpoints differs. */
  readonly serviceEntries: readonly Resource<ServiceEntrySpec>[];
};

/** `undefined`: something else than endpoints differs. */
export function changedResources(before: ResourceSet, after: ResourceSet): ChangedResources | undefined {
  const { ignored: _counts, unreadable, serviceEntries, nodes, ...lists } = after;
  const names = Object.keys(lists) as Exclude<ResourceList, "serviceEntries" | "nodes">[];
  const others = names.filter((name) => !OF_ENDPOINTS.some((other) => other === name));
  const isSame =
    isSameList(before.unreadable, unreadable, Object.is) &&
    // Of a node only its name and where it stands are read; its status changes all the time.
    isSameList(before.nodes, nodes, isSameMetadata) &&
    others.every((name) => isSameList<Resource<unknown>>(before[name], after[name], saysTheSame));
  const pods = inOneOnly(before.pods, after.pods);
  // What such a Pod says of its proxy is more than where it is.
  const configuresProxy = annotatedWorkloads({ pods, podMakers: [] }).length > 0;
  const changedEntries =
    isSame && !configuresProxy ? entriesWithOtherEndpoints(before.serviceEntries, serviceEntries) : undefined;
  return (
    changedEntries && {
      workloadEntries: inOneOnly(before.workloadEntries, after.workloadEntries),
      endpointSlices: inOneOnly(before.endpointSlices, after.endpointSlices),
      endpoints: inOneOnly(before.endpoints, after.endpoints),
      pods,
      serviceEntries: changedEntries,
    }
  );
}

function entriesWithOtherEndpoints(
  before: readonly Resource<ServiceEntrySpec>[],
  after: readonly Resource<ServiceEntrySpec>[],
): Resource<ServiceEntrySpec>[] | undefined {
  const changed: Resource<ServiceEntrySpec>[] = [];
  const isSame = isSameList(before, after, (older, newer) => {
    if (isSameDocument(older, newer) || saysTheSame(older, newer)) {
      return true;
    }
    changed.push(newer);
    return (
      isSameMetadata(older, newer) && isDeepStrictEqual(withoutEndpoints(older), withoutEndpoints(newer))
    );
  });
  return isSame ? changed : undefined;
}

function withoutEndpoints({ spec: { endpoints: _, ...spec } }: Resource<ServiceEntrySpec>): object {
  return spec;
}

function isSameList<Item>(
  before: readonly Item[],
  after: readonly Item[],
  isSame: (older: Item, newer: Item) => boolean,
): boolean {
  return (
    before === after ||
    (before.length === after.length && before.every((older, i) => isSame(older, after[i]!)))
  );
}

function saysTheSame(older: Resource<unknown>, newer: Resource<unknown>): boolean {
  return (
    isSameDocument(older, newer) ||
    (isSameMetadata(older, newer) && isDeepStrictEqual(older.spec, newer.spec))
  );
}

function isSameDocument(older: Resource<unknown>, newer: Resource<unknown>): boolean {
  return older.document !== undefined && older.document === newer.document;
}

function isSameMetadata(older: Resource<unknown>, newer: Resource<unknown>): boolean {
  return (
    older.kind === newer.kind &&
    older.name === newer.name &&
    older.namespace === newer.namespace &&
    older.isGenerated === newer.isGenerated &&
    older.creationTimestamp === newer.creationTimestamp &&
    isDeepStrictEqual(older.labels, newer.labels) &&
    isDeepStrictEqual(older.annotations, newer.annotations)
  );
}

function inOneOnly<Spec>(
  before: readonly Resource<Spec>[],
  after: readonly Resource<Spec>[],
): Resource<Spec>[] {
  if (before === after) {
    return [];
  }
  let start = 0;
  while (start < after.length && start < before.length && isSameDocument(before[start]!, after[start]!)) {
    start += 1;
  }
  let end = 0;
  while (
    end < after.length - start &&
    end < before.length - start &&
    isSameDocument(before.at(-1 - end)!, after.at(-1 - end)!)
  ) {
    end += 1;
  }
  // In between, one that only stands elsewhere counts as changed: that costs a look at its service, and no more.
  return [...before.slice(start, before.length - end), ...after.slice(start, after.length - end)];
}
