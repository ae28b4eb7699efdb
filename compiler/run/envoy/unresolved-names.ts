/**
 * Which clusters have no endpoint because none of their names resolves. Envoy counts that, and says nothing of it: whoever
 * asks such a cluster is answered 503, and nobody told them why.
 */

import { clusterStatPrefix } from "../../back/stat-names.ts";
import type { Cluster } from "../../ir/ir.ts";
import type { AdminClient } from "./admin.ts";

export interface NameWatch {
  stop(): void;
}

/** Soon after a start or a change; names come and go later, too. */
const FIRST_LOOK_MS = 1_000;
const LATER_LOOK_MS = 10_000;

/** Tells each cluster once when its names are lost, and again when they are found. */
export function watchNames(
  admin: Pick<AdminClient, "stats">,
  clusters: () => readonly Cluster[],
  onChange: (cluster: Cluster, names: readonly string[], found: boolean) => void,
): NameWatch {
  const lost = new Set<string>();
  let timer: NodeJS.Timeout;
  let stopped = false;
  const look = async () => {
    const byName = clusters().filter(isByName);
    // An Envoy that does not answer is ending, or busy: the next look will tell.
    const unresolved = byName.length === 0 ? [] : await unresolvedOf(admin, byName).catch(() => undefined);
    if (stopped) {
      return;
    }
    for (const cluster of unresolved === undefined ? [] : byName) {
      const isLost = unresolved!.includes(cluster);
      if (isLost === lost.has(cluster.name)) {
        continue;
      }
      if (isLost) {
        lost.add(cluster.name);
      } else {
        lost.delete(cluster.name);
      }
      onChange(cluster, [...new Set(cluster.discovery.endpoints.map(({ address }) => address))], !isLost);
    }
    schedule(LATER_LOOK_MS);
  };
  const schedule = (ms: number) => {
    timer = setTimeout(look, ms);
    timer.unref();
  };
  schedule(FIRST_LOOK_MS);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function isByName({ discovery: { kind } }: Cluster): boolean {
  return kind === "strictDns" || kind === "logicalDns";
}

/** Those of which some look-up has ended, and none has found anybody. */
async function unresolvedOf(
  admin: Pick<AdminClient, "stats">,
  clusters: readonly Cluster[],
): Promise<readonly Cluster[]> {
  const stats = await admin.stats(
    "^cluster\\..*\\.(membership_total|update_success|update_failure|update_empty)$",
  );
  return clusters.filter(({ name }) => {
    const count = (of: string) => stats.get(`${clusterStatPrefix(name)}${of}`) ?? 0;
    // That nobody has the name is a success, too: an empty one.
    const ended = count("update_success") + count("update_failure") + count("update_empty");
    return count("membership_total") === 0 && ended > 0;
  });
}
