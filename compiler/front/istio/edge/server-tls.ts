/** `servers[].tls` of a Gateway, where TLS ends at it. */

import type { ServerTls } from "../../../ir/ir.ts";
import { nameOf } from "../../../source/field-path.ts";
import type { FieldPath, GatewaySpec, Resource, ServerTlsSettings } from "../../resources/model.ts";
import type { Credentials, CredentialUse, FoundCredential } from "../../services/credentials.ts";
import type { GatheringContext } from "../context/gathering-context.ts";
import { knownSuites, TLS_VERSIONS, type TlsDefaults, tlsDefaultsOf } from "../context/tls-defaults.ts";

const CLIENT_CERTIFICATES: Readonly<Record<string, ServerTls["clientCertificate"]>> = {
  SIMPLE: "none",
  MUTUAL: "required",
  OPTIONAL_MUTUAL: "optional",
  ISTIO_MUTUAL: "required",
};

/** Whether a server's mode ends TLS. */
export function terminates(tls: ServerTlsSettings | undefined): boolean {
  return CLIENT_CERTIFICATES[tls?.mode ?? ""] !== undefined;
}

const NO_DEFAULTS: TlsDefaults = { cipherSuites: [], curves: [] };

/** A server of the Gateway, and the names that clients may ask it for. */
export interface TlsServer {
  readonly gateway: Resource<GatewaySpec>;
  readonly index: number;
  readonly tls: ServerTlsSettings;
  readonly serverNames: readonly string[];
}

/** Without the certificates that are of no use, which is then a finding: what requests meet does not depend on them. */
export function lowerServerTls(
  { gateway, index, tls, serverNames }: TlsServer,
  { credentials, effects, cache }: GatheringContext,
): ServerTls {
  const at = (field: FieldPath) => gateway.spanOf(["spec", "servers", index, "tls", ...field]);
  const use = (name: string, field: FieldPath): CredentialUse => ({
    name,
    namespace: gateway.namespace,
    span: at(field),
  });
  const clientCertificate = CLIENT_CERTIFICATES[tls.mode ?? ""] ?? "none";
  const identity =
    tls.mode === "ISTIO_MUTUAL"
      ? credentials.identity(nameOf(["servers", index, "tls", "mode"]), at(["mode"]), tls.caCrl)
      : undefined;
  const found = identity ? [identity.certificate] : certificatesOf(tls, use, at, credentials);
  const certificates = found.map((one) => effects.credential(one));
  const trusted =
    identity?.roots ?? (clientCertificate === "none" ? undefined : authorityOf(tls, use, at, credentials));
  const authority = trusted && effects.credential(trusted);
  // What the mesh speaks with itself is not the mesh's to limit here.
  const defaults = identity === undefined ? tlsDefaultsOf(cache.shared.settings) : NO_DEFAULTS;
  const minVersion = TLS_VERSIONS[tls.minProtocolVersion ?? ""] ?? defaults.minVersion;
  const maxVersion = TLS_VERSIONS[tls.maxProtocolVersion ?? ""];
  return {
    serverNames: serverNames.includes("*") ? [] : serverNames,
    certificates: certificates.filter((name) => name !== undefined),
    clientCertificate,
    ...(authority !== undefined && { authority }),
    subjectAltNames: tls.subjectAltNames ?? [],
    spkiHashes: tls.verifyCertificateSpki ?? [],
    certificateHashes: tls.verifyCertificateHash ?? [],
    ...(tls.insecureSkipVerify && { acceptUntrusted: true as const }),
    ...(minVersion && { minVersion }),
    ...(maxVersion && { maxVersion }),
    cipherSuites: tls.cipherSuites?.length ? knownSuites(tls.cipherSuites) : defaults.cipherSuites,
    curves: tls.ecdhCurves?.length ? tls.ecdhCurves : defaults.curves,
  };
}

function certificatesOf(
  tls: ServerTlsSettings,
  use: (name: string, field: FieldPath) => CredentialUse,
  at: (field: FieldPath) => CredentialUse["span"],
  credentials: Credentials,
): FoundCredential[] {
  if (tls.credentialName) {
    return [credentials.certificate(use(tls.credentialName, ["credentialName"]))];
  }
  if (tls.credentialNames?.length) {
    return tls.credentialNames.map((name, i) => credentials.certificate(use(name, ["credentialNames", i])));
  }
  const files = tls.tlsCertificates?.length
    ? tls.tlsCertificates.map(
        (one, i) => [one.serverCertificate, one.privateKey, ["tlsCertificates", i]] as const,
      )
    : [[tls.serverCertificate, tls.privateKey, ["serverCertificate"]] as const];
  return files.flatMap(([chain, key, field]) =>
    chain && key ? [credentials.certificateFiles(chain, key, at(field))] : [],
  );
}

function authorityOf(
  tls: ServerTlsSettings,
  use: (name: string, field: FieldPath) => CredentialUse,
  at: (field: FieldPath) => CredentialUse["span"],
  credentials: Credentials,
): FoundCredential | undefined {
  if (tls.caCertCredentialName) {
    return credentials.authority(use(tls.caCertCredentialName, ["caCertCredentialName"]));
  }
  if (tls.caCertificates) {
    return credentials.authorityFile(tls.caCertificates, tls.caCrl, at(["caCertificates"]));
  }
  const [first] = tls.credentialName ? [tls.credentialName] : (tls.credentialNames ?? []);
  return first === undefined ? undefined : credentials.authority(use(first, ["credentialName"]));
}
