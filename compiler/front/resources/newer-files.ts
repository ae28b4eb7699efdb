/**
 * What is there after a few files of many have changed, without a look at the others: a cluster has tens of thousands of objects,
 * and one of them changes at a time. Only where a change can concern nothing but the resources themselves; everything else
 * is loaded anew, by the same code as always.
 */

import type { SourceFile } from "../../diagnostics/span.ts";
import type { SourceCache } from "../../source/plain.ts";
import { faultlessResources, type ResourceList, type ResourceSet } from "./model.ts";
import { isSameObject } from "./repeated.ts";
import type { Resource } from "./resource.ts";

/** A file, and what took its place. */
export type Replaced = readonly [older: SourceFile, newer: SourceFile];

/** What came of it. */
export interface Renewed {
  readonly resources: ResourceSet;
  /** Those of the newer files alone. */
  readonly fresh: ResourceSet;
}

/** More documents in a file, and loading everything costs little more than it. */
const MOST_IN_A_FILE = 100;

/**
 * `before` with newer versions of its objects: what `loadResources` and `lastOfEach` would make of all files. `undefined` where it has to be asked
 * of them: something comes or goes, or there is something to say of a file.
 */
export function withNewerFiles(
  before: ResourceSet,
  replaced: readonly Replaced[],
  cache: SourceCache,
): Renewed | undefined {
  const newer = new Map<ResourceList, Map<Resource<unknown>, Resource<unknown>>>();
  for (const [olderFile, newerFile] of replaced) {
    const older = faultlessResources(olderFile);
    if (older === undefined || older.length > MOST_IN_A_FILE) {
      return undefined;
    }
    const loaded = faultlessResources(newerFile, cache);
    if (loaded?.length !== older.length) {
      return undefined;
    }
    for (const [i, [list, resource]] of loaded.entries()) {
      const [olderList, olderResource] = older[i]!;
      if (olderList !== list || !isSameObject(list, olderResource, resource)) {
        return undefined;
      }
      const known = newer.get(list) ?? new Map();
      newer.set(list, known.set(olderResource, resource));
    }
  }
  const renewed: [ResourceList, Resource<unknown>[]][] = [];
  for (const [list, byOlder] of newer) {
    let found = 0;
    const resources = (before[list] as Resource<unknown>[]).map((resource) => {
      const other = byOlder.get(resource);
      found += other === undefined ? 0 : 1;
      return other ?? resource;
    });
    // One of them was not used: another of its name is, or it is a patch.
    if (found !== byOlder.size) {
      return undefined;
    }
    renewed.push([list, resources]);
  }
  const fresh = [...newer].map(([list, byOlder]) => [list, [...byOlder.values()]] as const);
  const none = Object.keys(before).map((list) => [list, []] as const);
  return {
    resources: { ...before, ...Object.fromEntries(renewed) },
    fresh: { ...Object.fromEntries([...none, ...fresh]), ignored: new Map() } as unknown as ResourceSet,
  };
}
