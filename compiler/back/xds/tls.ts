/** TLS on either side: what certificates are shown, and whom to believe. The secrets themselves come apart (SDS). */

import type { ClientTls, ServerTls, TlsVersion } from "../../ir/ir.ts";
import type { ConfigSource } from "./discovery.ts";
import type { EmitOptions } from "./options.ts";
import { type Extension, typed } from "./protobuf.ts";
import { emitSecretContent, secretSource } from "./secrets.ts";

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
export function emitServerTls(tls: ServerTls, options: EmitOptions): Extension {
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
        ...certificates(tls.certificates, options),
        ...validation(tls, options, {
          ...(tls.spkiHashes.length > 0 && { verify_certificate_spki: tls.spkiHashes }),
          ...(tls.certificateHashes.length > 0 && { verify_certificate_hash: tls.certificateHashes }),
          ...(tls.acceptUntrusted && { trust_chain_verification: "ACCEPT_UNTRUSTED" }),
        }),
      },
      require_client_certificate: tls.clientCertificate === "required",
    }),
  };
}

/** Of the connections to a cluster's endpoints. Which HTTP is spoken, Envoy's connection pools propose themselves. */
export function emitClientTls(tls: ClientTls, options: EmitOptions): Extension {
  return {
    name: TLS_SOCKET,
    typed_config: typed("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", {
      common_tls_context: {
        tls_params: CLIENT_VERSIONS,
        ...(tls.certificate !== undefined && certificates([tls.certificate], options)),
        ...validation(tls, options, {}),
      },
      ...(tls.sni !== undefined && { sni: tls.sni }),
    }),
  };
}

function certificates(names: readonly string[], options: EmitOptions): object {
  const inline = names.flatMap((name) => options.inlineSecrets?.get(name) ?? []);
  return inline.length < names.length
    ? { tls_certificate_sds_secret_configs: names.map((name) => secretConfig(name, options)) }
    : { tls_certificates: inline.map(emitSecretContent) };
}

function secretConfig(name: string, options: EmitOptions): SdsSecretConfig {
  return { name, sds_config: secretSource(name, options) };
}

/** Whom the other side has to be. Without an authority nobody is verified, names or no. */
function validation(
  { authority, subjectAltNames }: Pick<ServerTls, "authority" | "subjectAltNames">,
  options: EmitOptions,
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
  const inline = options.inlineSecrets?.get(authority);
  if (inline !== undefined) {
    return { validation_context: { ...own, ...emitSecretContent(inline) } };
  }
  return {
    combined_validation_context: {
      default_validation_context: hasOwn ? own : {},
      validation_context_sds_secret_config: secretConfig(authority, options),
    },
  };
}

/** A rule does not say of what kind a name is. */
const SAN_TYPES = ["DNS", "URI", "EMAIL", "IP_ADDRESS"] as const;
