/**
 * Fields of the mesh configuration that nothing here reads, and that decide what becomes of requests or connections at this proxy
 * (https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/). Not among them is what is about other proxies, about
 * logs and metrics, or about how istiod itself works; nor `verifyCertificateAtClient`, which istiod does not read either.
 */

import { MESH_CONFIG } from "../../resources/mesh-configs.ts";
import type { MeshConfigSpec, Resource } from "../../resources/model.ts";
import { meshDocuments } from "../../services/mesh-settings.ts";
import type { UnreadResource } from "./unread-resource.ts";

const DECIDING: readonly string[] = ["discoverySelectors", "proxyHttpPort", "serviceEntryVisibility"];
export function unreadMeshSettings(all: Resource<MeshConfigSpec>[]): UnreadResource[] {
  const { overruled } = meshDocuments({ meshConfigs: all });
  return all
    .filter((resource) => !overruled.includes(resource))
    .flatMap((resource) =>
      DECIDING.filter((name) => Object.hasOwn(resource.spec, name)).map((name) => unread(resource, name)),
    );
}

function unread(resource: Resource<MeshConfigSpec>, name: string): UnreadResource {
  return {
    resource,
    at: [MESH_CONFIG, name],
    effect: "changes",
    what: `sets ${name} for all proxies of the mesh`,
    roles: ["gateway", "mesh"],
  };
}
