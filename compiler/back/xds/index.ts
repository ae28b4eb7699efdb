/**
 * IR → Envoy's configuration files, for both targets. Plain JSON and a pure function: equal input gives equal
 * bytes, nothing is read, nothing is written, and nothing of Istio is known here.
 */

import { isLookedUp } from "../../ir/discovery.ts";
import type { Cluster, Config, Listener, TcpChain } from "../../ir/ir.ts";
import { compareStrings } from "../../ir/text.ts";
import { emitBootstrap } from "./bootstrap.ts";
import { emitCluster } from "./cluster.ts";
import { discoveryResponse } from "./discovery.ts";
import { forwardsByAuthority } from "./dynamic-forward-proxy.ts";
import { emitLoadAssignment } from "./endpoints.ts";
import { printJson } from "./json.ts";
import { emitListener, hasNames, type Sharing } from "./listener.ts";
import { emitNativeRoutes, nativeRoutesFile } from "./native-routes.ts";
import type { EmitOptions, EnvoyFiles } from "./options.ts";
import { type TypedConfig, typed } from "./protobuf.ts";
import type { RouteConfiguration } from "./route-configuration.ts";
import { emitSecret, secretFile } from "./secrets.ts";
import { planSubscriptions } from "./subscriptions.ts";
import { emitUpstreamFaultCluster, emitUpstreamFaultListener } from "./upstream-fault.ts";
import { ecdsFile, emitExtensionConfig } from "./wasm-filter.ts";
import { classRoutesFile, emitClassRoutes } from "./wasm-routes.ts";

export type { EmitOptions, EnvoyFiles } from "./options.ts";

/** `envoy.json` and what it names, by path relative to the build directory. */
export function emitEnvoy(config: Config, given: EmitOptions): EnvoyFiles {
  const listeners = sortedByName(config.listeners);
  const clusters = sortedByName(config.clusters.filter(canBeWritten));
  const upstreamFaults = sortedByName(config.upstreamFaults ?? []);
  const secrets = config.secrets ?? [];
  const { endpointFiles, listenerFiles, inlineSecrets } = planSubscriptions({
    ...config,
    listeners,
    clusters,
  });
  const options = { ...given, inlineSecrets };

  const files = new Map([["envoy.json", printJson(emitBootstrap(options))]]);
  const add = (file: string, resources: readonly TypedConfig[]) => {
    files.set(`xds/${file}`, discoveryResponse(resources));
  };
  const isForwardProxy = forwardsByAuthority(config);
  const plan = (listener: Listener) => ({ ownFile: listenerFiles, forwardProxy: isForwardProxy(listener) });
  add("lds.json", [
    ...bySocket([...listeners, ...sortedByName(config.tcpChains ?? [])]).map((sharing) =>
      emitListener(sharing, plan, options),
    ),
    ...upstreamFaults.map(emitUpstreamFaultListener),
  ]);
  if (listenerFiles) {
    for (const listener of listeners) {
      if (options.target === "native") {
        add(nativeRoutesFile(listener.name), [typedRoutes(emitNativeRoutes(listener))]);
      } else {
        add(classRoutesFile(listener.name), [typedRoutes(emitClassRoutes(listener))]);
        add(ecdsFile(listener.name), [emitExtensionConfig(listener.name, options)]);
      }
    }
  }
  const clusterNamed = new Map(clusters.map((cluster) => [cluster.name, cluster]));
  add("cds.json", [
    ...clusters.map((cluster) => emitCluster(cluster, endpointFiles.get(cluster.name), options)),
    ...upstreamFaults.map((fault) => emitUpstreamFaultCluster(fault, clusterNamed.get(fault.cluster))),
  ]);
  for (const secret of secrets.filter(({ name }) => !inlineSecrets.has(name))) {
    add(secretFile(secret.name), [emitSecret(secret)]);
  }
  for (const cluster of clusters) {
    const file = endpointFiles.get(cluster.name);
    if (file !== undefined) {
      add(file, [typedEndpoints(cluster)]);
    }
  }
  return new Map([...files].sort(([a], [b]) => compareStrings(a, b)));
}

/** Envoy refuses a DNS cluster without a name to resolve; without the cluster, its requests get a 503. */
function canBeWritten({ discovery }: Cluster): boolean {
  return discovery.kind === "eds" || isLookedUp(discovery.kind) || discovery.endpoints.length > 0;
}

/** Those with TLS share the listener of their port, as do those of one port of the mesh. */
function bySocket(listeners: Sharing): Sharing[] {
  const sockets = new Map<string, (Listener | TcpChain)[]>();
  for (const listener of listeners) {
    const own = "listener" in listener ? listener.listener : undefined;
    const socket = own ?? (hasNames(listener) ? `${listener.address} ${listener.port}` : listener.name);
    const sharing = sockets.get(socket);
    if (sharing === undefined) {
      sockets.set(socket, [listener]);
    } else {
      sharing.push(listener);
    }
  }
  return [...sockets.values()];
}

function typedRoutes(routes: RouteConfiguration) {
  return typed("envoy.config.route.v3.RouteConfiguration", routes);
}

function typedEndpoints({ name, discovery }: Cluster) {
  return typed(
    "envoy.config.endpoint.v3.ClusterLoadAssignment",
    emitLoadAssignment(name, discovery.endpoints),
  );
}

function sortedByName<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => compareStrings(a.name, b.name));
}
