/**
 * IR → Envoy's configuration files, for both targets. Plain JSON and a pure function: equal input gives equal
 * bytes, nothing is read, nothing is written, and nothing of Istio is known here.
 */

import type { Cluster, Config } from "../ir/ir.ts";
import { emitBootstrap } from "./bootstrap.ts";
import { emitCluster } from "./cluster.ts";
import { discoveryResponse } from "./discovery.ts";
import { endpointFiles } from "./endpoint-files.ts";
import { emitLoadAssignment } from "./endpoints.ts";
import { compareStrings, printJson } from "./json.ts";
import { emitListener } from "./listener.ts";
import { emitNativeRoutes, nativeRoutesFile } from "./native-routes.ts";
import type { EmitOptions, EnvoyFiles } from "./options.ts";
import { typed } from "./protobuf.ts";
import { ecdsFile, emitWasmConfig } from "./wasm-filter.ts";

export type { EmitOptions, EnvoyFiles } from "./options.ts";

/** `envoy.json` and what it names, by path relative to the build directory. */
export function emitEnvoy(config: Config, options: EmitOptions): EnvoyFiles {
  const files = new Map<string, string>();
  const listeners = sortedByName(config.listeners);
  const clusters = sortedByName(config.clusters.filter(canBeWritten));

  files.set("envoy.json", printJson(emitBootstrap(options)));
  files.set("xds/lds.json", discoveryResponse(listeners.map((listener) => emitListener(listener, options))));

  for (const listener of listeners) {
    if (options.target === "native") {
      files.set(`xds/${nativeRoutesFile(listener.name)}`, discoveryResponse([emitNativeRoutes(listener)]));
    } else {
      const blob = options.blobs.get(listener.name);
      if (blob === undefined) {
        throw new Error(`no blob for listener ${listener.name}`);
      }
      const filter = emitWasmConfig(listener.name, blob, options.filterPath);
      files.set(`xds/${ecdsFile(listener.name)}`, discoveryResponse([filter]));
    }
  }

  const endpointsIn = endpointFiles(clusters);
  files.set(
    "xds/cds.json",
    discoveryResponse(
      clusters.map((cluster) => emitCluster(cluster, endpointsIn.get(cluster.name), options)),
    ),
  );
  for (const cluster of clusters) {
    const file = endpointsIn.get(cluster.name);
    if (file !== undefined) {
      files.set(`xds/${file}`, discoveryResponse([emitEndpoints(cluster)]));
    }
  }
  return new Map([...files].sort(([a], [b]) => compareStrings(a, b)));
}

/** Envoy refuses a DNS cluster without a name to resolve; without the cluster, its requests get a 503. */
function canBeWritten({ discovery }: Cluster): boolean {
  return discovery.kind === "eds" || discovery.endpoints.length > 0;
}

function emitEndpoints({ name, discovery }: Cluster) {
  return typed(
    "envoy.config.endpoint.v3.ClusterLoadAssignment",
    emitLoadAssignment(name, discovery.endpoints),
  );
}

function sortedByName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => compareStrings(a.name, b.name));
}
