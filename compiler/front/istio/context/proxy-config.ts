/** What is said of this proxy itself, not of its rules: istio.mesh.v1alpha1 ProxyConfig. */

import type { ProxyConfigSpec } from "../../resources/model.ts";
import type { MeshSettings } from "../../services/mesh-settings.ts";

/** Fields that nobody writes are absent: what they default to is for whoever reads them to say. */
export function proxyConfigOf({ written }: MeshSettings): ProxyConfigSpec {
  return written.defaultConfig ?? {};
}
