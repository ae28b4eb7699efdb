/** `meshConfig.tlsDefaults`: what TLS is limited to where no rule says it. Of clients istiod takes no version from it. */

import type { TlsVersion } from "../../../ir/ir.ts";
import type { MeshSettings } from "../../services/mesh-settings.ts";
import { isCipherSuite } from "../validate/server-tls.ts";

export interface TlsDefaults {
  readonly minVersion?: TlsVersion;
  /** Empty: Envoy's own. */
  readonly cipherSuites: readonly string[];
  readonly curves: readonly string[];
}

/** As Istio's documents call them; `TLS_AUTO` is none. */
export const TLS_VERSIONS: Readonly<Record<string, TlsVersion>> = {
  TLSV1_0: "1.0",
  TLSV1_1: "1.1",
  TLSV1_2: "1.2",
  TLSV1_3: "1.3",
};

export function tlsDefaultsOf({ written }: Pick<MeshSettings, "written">): TlsDefaults {
  const { minProtocolVersion = "", cipherSuites, ecdhCurves = [] } = written.tlsDefaults ?? {};
  const minVersion = TLS_VERSIONS[minProtocolVersion];
  return { ...(minVersion && { minVersion }), cipherSuites: knownSuites(cipherSuites), curves: ecdhCurves };
}

/** Those that Envoy knows; the others are dropped, which validation has said. */
export function knownSuites(suites: readonly string[] = []): string[] {
  return [...new Set(suites)].filter(isCipherSuite);
}
