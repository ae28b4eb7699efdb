/** How the paths of requests are normalised: as the proxy's own option says, else the mesh (`meshConfig.pathNormalization`). */

import type { PathNormalization } from "../../../ir/ir.ts";
import type { ProxyOptions } from "../../../options.ts";
import type { MeshSettings } from "../../services/mesh-settings.ts";

export function pathNormalizationOf(
  { pathNormalization }: ProxyOptions,
  { written }: MeshSettings,
): PathNormalization {
  const ofMesh = written.pathNormalization?.normalization ?? "DEFAULT";
  return pathNormalization || (ofMesh === "DEFAULT" ? "BASE" : ofMesh);
}
