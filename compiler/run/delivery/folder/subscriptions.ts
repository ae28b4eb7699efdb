/**
 * What gets a file of its own, and so changes alone.
 *
 * Each subscription to a file costs Envoy one inotify instance, Linux gives a user 128 of them by default, and
 * without one left Envoy dies. A reload may open a cluster's subscription a second time before it closes the
 * first. So above these numbers, what would have had its own file is written into the cluster or the listener:
 * a change then replaces that, which Envoy does without losing a request, but not without losing its state.
 */

import type { Config } from "../../../ir/ir.ts";

export const MAX_ENDPOINT_FILES = 32;
/** Two files each: a program and its route classes. */
export const MAX_LISTENER_FILES = 16;
/** Those of documents; a change of somebody else's files is seen by a watch only, so such secrets keep theirs. */
export const MAX_SECRET_FILES = 12;

export interface Subscriptions {
  /** Whether the endpoints of clusters have files of their own. Without one, a cluster carries its endpoints. */
  readonly endpoints: boolean;
  /** Whether what a listener decides from has. */
  readonly listeners: boolean;
  /** Secrets that have none, by name: they stand where they are used. */
  readonly inlineSecrets: ReadonlySet<string>;
}

export function planSubscriptions(config: Config): Subscriptions {
  const { listeners, clusters } = config;
  const discovered = clusters.filter(({ discovery }) => discovery.kind === "eds");
  return {
    endpoints: discovered.length <= MAX_ENDPOINT_FILES,
    listeners: listeners.length <= MAX_LISTENER_FILES,
    inlineSecrets: inlineSecrets(config),
  };
}

/** A TLS context has all of its certificates inline, or none. */
function inlineSecrets({ listeners, tcpChains = [], secrets = [] }: Config): ReadonlySet<string> {
  if (secrets.length <= MAX_SECRET_FILES) {
    return new Set();
  }
  const inline = new Set(secrets.filter(({ inFiles }) => !inFiles).map(({ name }) => name));
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
