/** What becomes of `x-forwarded-client-cert`, by which proxies tell of a client's certificate: Envoy's `mutateXfccRequestHeader`. */

import { DIRECT, type Topology } from "../../ir/topology.ts";

export const CLIENT_CERTIFICATE_HEADER = "x-forwarded-client-cert";

/** Whether what a client sends of it goes on; `written`: in its place stands what Envoy says, which is not known here. */
export function fateOfCertificateHeader(
  { clientCertificateHeader: how }: Topology = DIRECT,
  showsCertificate: boolean,
): "dropped" | "kept" | "written" {
  if (how === "ALWAYS_FORWARD_ONLY") {
    return "kept";
  }
  if (how === "SANITIZE" || !showsCertificate) {
    return "dropped";
  }
  return how === "SANITIZE_SET" ? "written" : "kept";
}
