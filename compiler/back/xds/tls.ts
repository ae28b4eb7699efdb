/** TLS on either side: what certificates are shown, and whom to believe. The secrets themselves come apart (SDS). */

import type { ClientTls, ServerTls, TlsVersion } from "../../ir/ir.ts";
import type { EmitContext } from "./options.ts";
import type { ConfigSource, Places } from "./places.ts";
import { type Extension, typed } from "./protobuf.ts";
import { emitSecretContent } from "./secrets.ts";

/** Where secrets are. */
export interface SecretContext extends Pick<EmitContext, "secrets"> {
  readonly places: Pick<Places, "sourceOf">;
}

/** `envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig` */
interface SdsSecretConfig {
  readonly name: string;
  readonly sds_config: ConfigSource;
}

const VERSIONS: Readonly<Record<TlsVersion, string>> = {
  "1.0": "TLSv1_0",
  "1.1": "TLSv1_1",
  "1.2": "TLSv1_2",
  "1.3": "TLSv1_3",
};

/** HTTP/2 is preferred by whoever knows it. */
const ALPN = ["h2", "http/1.1"];

const TLS_SOCKET = "envoy.transport_sockets.tls";

/** istiod's for clients. Envoy's own end at 1.2, and then a server that speaks 1.3 only is out of reach. */
const CLIENT_VERSIONS = {
  tls_minimum_protocol_version: VERSIONS["1.2"],
  tls_maximum_protocol_version: VERSIONS["1.3"],
};

/** Of the connections that clients make. */
export function emitServerTls(tls: ServerTls, context: SecretContext): Extension {
  const { minVersion, maxVersion, cipherSuites, curves } = tls;
  const parameters = {
    ...(minVersion && { tls_minimum_protocol_version: VERSIONS[minVersion] }),
    ...(maxVersion && { tls_maximum_protocol_version: VERSIONS[maxVersion] }),
    ...(cipherSuites.length > 0 && { cipher_suites: cipherSuites }),
    ...(curves.length > 0 && { ecdh_curves: curves }),
  };
  return {
    name: TLS_SOCKET,
    typed_config: typed("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", {
      common_tls_context: {
        alpn_protocols: ALPN,
        ...(Object.keys(parameters).length > 0 && { tls_params: parameters }),
        ...certificates(tls.certificates, context),
        ...validation(tls, context, {
          ...(tls.spkiHashes.length > 0 && { verify_certificate_spki: tls.spkiHashes }),
          ...(tls.certificateHashes.length > 0 && { verify_certificate_hash: tls.certificateHashes }),
          ...(tls.acceptUntrusted && { trust_chain_verification: "ACCEPT_UNTRUSTED" }),
        }),
      },
      require_client_certificate: tls.clientCertificate === "required",
    }),
  };
}

/** Of the connections to a cluster's endpoints. Which HTTP is spoken, Envoy's connection pools propose themselves unless something is proposed here. */
export function emitClientTls(tls: ClientTls, context: SecretContext): Extension {
  return {
    name: TLS_SOCKET,
    typed_config: typed("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", {
      common_tls_context: {
        ...(tls.applicationProtocols && { alpn_protocols: tls.applicationProtocols }),
        tls_params: {
          ...CLIENT_VERSIONS,
          ...(tls.cipherSuites && { cipher_suites: tls.cipherSuites }),
          ...(tls.curves && { ecdh_curves: tls.curves }),
        },
        ...(tls.certificate !== undefined && certificates([tls.certificate], context)),
        ...validation(tls, context, {}),
      },
      ...(tls.sni !== undefined && { sni: tls.sni }),
    }),
  };
}

/** Envoy takes certificates that it asks for or certificates that stand here, never both. */
function certificates(names: readonly string[], context: SecretContext): object {
  const discovered = names.flatMap((name) => secretConfig(name, context) ?? []);
  return discovered.length > 0
    ? { tls_certificate_sds_secret_configs: discovered }
    : { tls_certificates: names.map((name) => inlineSecret(name, context)) };
}

/** `undefined` where a secret stands inside of what uses it. */
function secretConfig(name: string, { places }: SecretContext): SdsSecretConfig | undefined {
  const source = places.sourceOf("secret", name);
  return source && { name, sds_config: source };
}

function inlineSecret(name: string, { secrets }: SecretContext): object {
  const secret = secrets.get(name);
  if (secret === undefined) {
    throw new Error(`no secret ${name}`);
  }
  return emitSecretContent(secret);
}

/** Whom the other side has to be. Without an authority nobody is verified, names or no. */
function validation(
  { authority, subjectAltNames }: Pick<ServerTls, "authority" | "subjectAltNames">,
  context: SecretContext,
  more: object,
): object {
  const own = {
    ...more,
    ...(subjectAltNames.length > 0 && {
      match_typed_subject_alt_names: subjectAltNames.flatMap((name) =>
        SAN_TYPES.map((san_type) => ({ san_type, matcher: { exact: name } })),
      ),
    }),
  };
  const hasOwn = Object.keys(own).length > 0;
  if (authority === undefined) {
    return {};
  }
  const discovered = secretConfig(authority, context);
  if (discovered === undefined) {
    return { validation_context: { ...own, ...inlineSecret(authority, context) } };
  }
  return {
    combined_validation_context: {
      default_validation_context: hasOwn ? own : {},
      validation_context_sds_secret_config: discovered,
    },
  };
}

/** A rule does not say of what kind a name is. */
const SAN_TYPES = ["DNS", "URI", "EMAIL", "IP_ADDRESS"] as const;
