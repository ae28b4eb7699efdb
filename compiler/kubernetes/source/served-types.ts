/** In which version a cluster has Istio's kinds: those of a release before 1.22 have no `v1`. */

import { setTimeout as pause } from "node:timers/promises";
import { ApiError } from "../client/api-error.ts";
import type { KubernetesClient } from "../client/kubernetes-client.ts";
import type { ResourceType } from "../client/resource-types.ts";

/** The newest first; all of them say the same. */
const VERSIONS = ["v1", "v1beta1", "v1alpha3"];
const PAUSE_MS = 1_000;

/**
 * The types in the newest version that the API server has them in; in their own where it has none. Asks until it is answered, or
 * rejects when the signal aborts.
 */
export async function servedTypes(
  client: KubernetesClient,
  types: readonly ResourceType[],
  signal: AbortSignal,
): Promise<ResourceType[]> {
  const [{ group } = { group: "" }] = types;
  const byVersion = new Map<string, ReadonlySet<string>>();
  for (const version of VERSIONS) {
    byVersion.set(version, await pluralsOf(client, `/apis/${group}/${version}`, signal));
  }
  return types.map((type) => {
    const version = VERSIONS.find((one) => byVersion.get(one)?.has(type.plural));
    return version === undefined ? type : { ...type, version };
  });
}

async function pluralsOf(
  client: KubernetesClient,
  path: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  for (;;) {
    try {
      const answer = await client.request<{ readonly resources?: readonly { readonly name?: unknown }[] }>({
        path,
        signal,
      });
      return new Set(
        (answer?.resources ?? []).flatMap(({ name }) => (typeof name === "string" ? [name] : [])),
      );
    } catch (error) {
      signal.throwIfAborted();
      // No such version, or nothing that this account may ask for: lists say the rest.
      if (error instanceof ApiError && (error.status === 404 || error.status === 403)) {
        return new Set();
      }
      await pause(PAUSE_MS, undefined, { signal });
    }
  }
}
