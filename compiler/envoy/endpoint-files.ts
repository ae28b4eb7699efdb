/**
 * Which clusters get a file of endpoints of their own.
 *
 * Each subscription to a file costs Envoy one inotify instance, and Linux gives a user 128 by default; without
 * one left, Envoy dies. So above a number of clusters, endpoints are written into the clusters instead: a change
 * of endpoints then replaces the cluster, which Envoy does without losing a request.
 */

import { createHash } from "node:crypto";
import type { Cluster } from "../ir/ir.ts";

/** A reload may open every subscription a second time before it closes the first; listeners need theirs, too. */
export const MAX_ENDPOINT_FILES = 32;

/** Below the 255 bytes that file systems allow, with room for a suffix. */
const MAX_FILE_NAME = 200;

/** File of endpoints, relative to the xDS folder, by cluster. Clusters without one carry their endpoints. */
export function endpointFiles(clusters: readonly Cluster[]): ReadonlyMap<string, string> {
  const discovered = clusters.filter((cluster) => cluster.discovery.kind === "eds");
  if (discovered.length > MAX_ENDPOINT_FILES) {
    return new Map();
  }
  return new Map(discovered.map(({ name }) => [name, `eds/${fileName(name)}.json`]));
}

/**
 * A cluster's name as a file's: readable, and different for different names. `%` and two hexadecimal digits
 * stand for a byte that is not a lower-case letter, a digit, `.`, `-` or `_` (some file systems don't tell
 * upper case from lower). A name too long for a file is cut, with a digest of the whole.
 */
function fileName(clusterName: string): string {
  const escaped = [...Buffer.from(clusterName, "utf8")]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[a-z0-9._-]/.test(character) ? character : `%${byte.toString(16).padStart(2, "0")}`;
    })
    .join("");
  if (escaped.length <= MAX_FILE_NAME) {
    return escaped;
  }
  const digest = createHash("sha256").update(clusterName).digest("hex").slice(0, 16);
  return `${escaped.slice(0, MAX_FILE_NAME - digest.length - 1)}~${digest}`;
}
