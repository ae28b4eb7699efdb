/**
 * Fields of the mesh configuration that nothing here reads, and that decide what becomes of requests or connections at this proxy
 * (https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/). Not among them is what is about other proxies, about
 * logs and metrics, or about how istiod itself works.
 */

import { MESH_CONFIG } from "../../resources/mesh-configs.ts";
import type { MeshConfigSpec, Resource } from "../../resources/model.ts";
import { meshDocuments } from "../../services/mesh-settings.ts";
import type { UnreadResource } from "./unread-resource.ts";

const DECIDING: readonly string[] = [
  "discoverySelectors",
  "proxyHttpPort",
  "serviceEntryVisibility",
  "tlsDefaults",
  "verifyCertificateAtClient",
  "zoneAwareLbSetting",
];
/** Of `defaultConfig`. */
const DECIDING_OF_PROXIES: readonly string[] = ["connectionSettings"];

export function unreadMeshSettings(all: Resource<MeshConfigSpec>[]): UnreadResource[] {
  const { overruled } = meshDocuments({ meshConfigs: all });
  return all
    .filter((resource) => !overruled.includes(resource))
    .flatMap((resource) => {
      const { spec } = resource;
      const { defaultConfig } = spec as { readonly defaultConfig?: unknown };
      return [
        ...namesIn(spec, DECIDING).map((name) => unread(resource, [name])),
        ...namesIn(defaultConfig, DECIDING_OF_PROXIES).map((name) =>
          unread(resource, ["defaultConfig", name]),
        ),
      ];
    });
}

function namesIn(value: unknown, names: readonly string[]): string[] {
  return typeof value === "object" && value !== null
    ? names.filter((name) => Object.hasOwn(value, name))
    : [];
}

function unread(resource: Resource<MeshConfigSpec>, path: readonly string[]): UnreadResource {
  return {
    resource,
    at: [MESH_CONFIG, ...path],
    effect: "changes",
    what: `sets ${path.join(".")} for all proxies of the mesh`,
    roles: ["gateway", "mesh"],
  };
}
