/**
 * Certificates and keys, each a resource of its own: when it changes, the new certificate is shown without a listener
 * or a connection being touched.
 */

import path from "node:path";
import type { Secret } from "../../ir/ir.ts";
import { type TypedConfig, typed } from "./protobuf.ts";

/** `envoy.config.core.v3.DataSource` */
type DataSource = { readonly filename: string } | { readonly inline_string: string };

/** `envoy.extensions.transport_sockets.tls.v3.Secret` */
export interface EnvoySecret {
  readonly name: string;
  readonly tls_certificate?: object;
  readonly validation_context?: object;
}

export function emitSecret(secret: Secret): TypedConfig<EnvoySecret> {
  const { name, content, inFiles } = secret;
  // Somebody else's files are swapped as Kubernetes does it: by a move in the folder that holds them.
  const watched = inFiles
    ? {
        watched_directory: {
          path: path.posix.dirname(content.kind === "certificate" ? content.chain : content.trusted),
        },
      }
    : {};
  return typed("envoy.extensions.transport_sockets.tls.v3.Secret", {
    name,
    [content.kind === "certificate" ? "tls_certificate" : "validation_context"]: {
      ...emitSecretContent(secret),
      ...watched,
    },
  });
}

/** `TlsCertificate`, or the part of a `CertificateValidationContext` that says whom to believe. */
export function emitSecretContent({ content, inFiles }: Secret): object {
  const source = (text: string): DataSource => (inFiles ? { filename: text } : { inline_string: text });
  return content.kind === "certificate"
    ? { certificate_chain: source(content.chain), private_key: source(content.key.reveal()) }
    : {
        trusted_ca: source(content.trusted),
        ...(content.revoked !== undefined && { crl: source(content.revoked) }),
      };
}
