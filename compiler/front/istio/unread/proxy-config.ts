/**
 * What is said of this proxy itself (`meshConfig.defaultConfig`, ProxyConfig, the annotation `proxy.istio.io/config`), decides how it
 * treats requests or connections, and is not read. Some of it options say here: those are named.
 */

import type { ProxyOptions } from "../../../options.ts";
import { MESH_CONFIG } from "../../resources/mesh-configs.ts";
import type { FieldPath, ProxyConfigSpec, Resource, ResourceSet } from "../../resources/model.ts";
import { meshDocuments } from "../../services/mesh-settings.ts";
import { proxyConfigSources } from "../context/proxy-config.ts";
import type { UnreadResource } from "./unread-resource.ts";

/** Not among them is what is about logs, metrics and traces, and how the agent in Istio's Pods works. */
const DECIDING: readonly string[] = [
  "availabilityZone",
  "caCertificatesPem",
  "customConfigFile",
  "drainDuration",
  "privateKeyProvider",
  "proxyBootstrapTemplatePath",
  "runtimeValues",
  "terminationDrainDuration",
];

/** Of the variables that istiod makes its configuration by; `undefined`: of no effect beside these options. */
const VARIABLES: Readonly<Record<string, (value: string, options: ProxyOptions) => string | undefined>> = {
  ISTIO_META_CLUSTER_ID: (value, { clusterId }) =>
    value === clusterId ? undefined : `Pass --cluster-id ${value}.`,
  ISTIO_META_NETWORK: (value, { network }) => (value === network ? undefined : `Pass --network ${value}.`),
  ISTIO_META_IDLE_TIMEOUT: () => "Write connectionPool.http.idleTimeout in a DestinationRule.",
};

export function unreadProxyConfig(resources: ResourceSet, options: ProxyOptions): UnreadResource[] {
  const { settings, overruled } = meshDocuments(resources);
  const ofMesh = resources.meshConfigs
    .filter((one) => !overruled.includes(one) && one.spec.defaultConfig !== undefined)
    .flatMap((resource) => {
      const root = [MESH_CONFIG, "defaultConfig"];
      return findings(resource, resource.spec.defaultConfig!, options, (path) => [...root, ...path]);
    });
  const own = proxyConfigSources(resources, options, settings).flatMap(({ resource, path, config }) =>
    findings(resource, config, options, () => path),
  );
  return [...ofMesh, ...own];
}

function findings(
  resource: Resource<unknown>,
  config: ProxyConfigSpec,
  options: ProxyOptions,
  placeOf: (path: FieldPath) => FieldPath,
): UnreadResource[] {
  const unread = (path: readonly string[], help?: string): UnreadResource => ({
    resource,
    at: placeOf(path),
    effect: "changes",
    what: `sets ${path.join(".")} of proxies`,
    ...(help !== undefined && { help }),
    roles: ["gateway", "mesh"],
  });
  const fields = DECIDING.filter((name) => Object.hasOwn(config, name)).map((name) => unread([name]));
  const variables = Object.entries(config.proxyMetadata ?? {}).flatMap(([name, value]) => {
    const help = Object.hasOwn(VARIABLES, name) ? VARIABLES[name]!(value, options) : undefined;
    return help === undefined ? [] : [unread(["proxyMetadata", name], help)];
  });
  return [...fields, ...variables];
}
