/**
 * What gets a file of its own, and so changes alone.
 *
 * Each subscription to a file costs Envoy one inotify instance, Linux gives a user 128 of them by default, and
 * without one left Envoy dies. A reload may open a cluster's subscription a second time before it closes the
 * first. So above these numbers, what would have had its own file is written into the cluster or the listener:
 * a change then replaces that, which Envoy does without losing a request, but not without losing its state.
 */

import { createHash } from "node:crypto";
import type { Cluster, Config, Secret } from "../../ir/ir.ts";

export const MAX_ENDPOINT_FILES = 32;
/** Two files each: a program and its route classes. */
export const MAX_LISTENER_FILES = 16;
/** Those of documents; a change of somebody else's files is seen by a watch only, so such secrets keep theirs. */
export const MAX_SECRET_FILES = 12;

/** Below the 255 bytes that file systems allow, with room for a suffix. */
const MAX_FILE_NAME = 200;

export interface Subscriptions {
  /** File of endpoints, relative to the xDS folder, by cluster. Clusters without one carry their endpoints. */
  readonly endpointFiles: ReadonlyMap<string, string>;
  /** Whether what a listener decides from has a file of its own. */
  readonly listenerFiles: boolean;
  /** Secrets that have no file of their own, by name: they stand where they are used. */
  readonly inlineSecrets: ReadonlyMap<string, Secret>;
}

export function planSubscriptions(config: Config): Subscriptions {
  const { listeners, clusters } = config;
  return {
    endpointFiles: endpointFiles(clusters),
    listenerFiles: listeners.length <= MAX_LISTENER_FILES,
    inlineSecrets: inlineSecrets(config),
  };
}

/** A TLS context has all of its certificates inline, or none. */
function inlineSecrets({ listeners, tcpChains = [], secrets = [] }: Config): ReadonlyMap<string, Secret> {
  if (secrets.length <= MAX_SECRET_FILES) {
    return new Map();
  }
  const inline = new Map(secrets.filter(({ inFiles }) => !inFiles).map((secret) => [secret.name, secret]));
  for (const { tls } of [...listeners, ...tcpChains]) {
    const certificates = tls?.certificates ?? [];
    if (certificates.every((name) => inline.has(name))) {
      continue;
    }
    for (const name of certificates) {
      inline.delete(name);
    }
  }
  return inline;
}

function endpointFiles(clusters: readonly Cluster[]): ReadonlyMap<string, string> {
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
