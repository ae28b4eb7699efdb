/**
 * What one map of resources has that another has not. Clients of one scope have the same maps and are told the same, so it is found
 * once for all of them, and whoever encodes it does so once (`codec.ts`).
 */

import type { Resource } from "../../back/xds/resource-set.ts";
import { onceForTwo } from "./once-for-two.ts";

export type Resources = ReadonlyMap<string, Resource>;

/** What one response tells the client of a type. */
export interface Update {
  readonly resources: readonly Resource[];
  /** Names of those that are not there any more. */
  readonly removed: readonly string[];
}

export interface Changes {
  /** For whoever asks for all of a type. */
  readonly whole: Update;
  /** For whoever asks by name: it is not told what is gone. */
  readonly named: Update;
}

export const NO_RESOURCES: Resources = new Map();

/** From one map to another, in the order of the newer one. The same object for the same two maps. */
export const changesOf = onceForTwo(compare);

function compare(before: Resources, after: Resources): Changes {
  const resources = [...after.values()].filter((resource) => {
    const older = before.get(resource.name);
    return older === undefined || (older !== resource && older.version !== resource.version);
  });
  const removed = [...before.keys()].filter((name) => !after.has(name));
  const named: Update = { resources, removed: [] };
  return { named, whole: removed.length === 0 ? named : { resources, removed } };
}
