/** What becomes of requests to the mesh for hosts that nobody registered, where no Sidecar says it. */

import type { OutboundPolicy, ProxyOptions } from "../../../options.ts";
import type { MeshSettings } from "../../services/mesh-settings.ts";

/** What the proxy's own option says, else the mesh's, else as Istio ships it. A wildcard cluster by DNS passes on as well. */
export function outboundPolicyOf(
  { outboundPolicy }: ProxyOptions,
  { written }: MeshSettings,
): OutboundPolicy {
  if (outboundPolicy !== "") {
    return outboundPolicy;
  }
  const { outboundTrafficPolicy } = written;
  // A policy without a mode has the first that there is, as protobuf has it.
  const mode =
    outboundTrafficPolicy === undefined ? "ALLOW_ANY" : (outboundTrafficPolicy.mode ?? "REGISTRY_ONLY");
  return mode === "REGISTRY_ONLY" ? mode : "ALLOW_ANY";
}
