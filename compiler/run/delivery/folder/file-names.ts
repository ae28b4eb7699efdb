/** Which file of a build holds what Envoy asks for, relative to the folder of such files. */

import { createHash } from "node:crypto";
import type { DiscoveredType } from "../../../back/xds/places.ts";

export const LISTENERS_FILE = "lds.json";
export const CLUSTERS_FILE = "cds.json";

/** Below the 255 bytes that file systems allow, with room for a suffix. */
const MAX_FILE_NAME = 200;

/** A listener's name is a file name as it is; those of clusters and secrets are not. */
export function discoveryFile(type: DiscoveredType, name: string): string {
  switch (type) {
    case "routes":
      return `rds/${name}.json`;
    case "extension":
      return `ecds/${name}.json`;
    case "endpoints":
      return `eds/${fileName(name)}.json`;
    case "secret":
      return `sds/${fileName(name)}.json`;
  }
}

/**
 * A cluster's name as a file's: readable, and different for different names. `%` and two hexadecimal digits
 * stand for a byte that is not a lower-case letter, a digit, `.`, `-` or `_` (some file systems don't tell
 * upper case from lower). A name too long for a file is cut, with a digest of the whole.
 */
export function fileName(clusterName: string): string {
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
