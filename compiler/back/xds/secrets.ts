/**
 * Certificates and keys, each in a file of its own that only its owner can read. Envoy reads it again when it changes,
 * and a new certificate is shown without a listener or a connection being touched.
 */

import path from "node:path";
import type { Secret } from "../../ir/ir.ts";
import { type ConfigSource, fileSource } from "./discovery.ts";
import type { EmitOptions } from "./options.ts";
import { type TypedConfig, typed } from "./protobuf.ts";
import { fileName } from "./subscriptions.ts";

/** Where a secret comes from. */
export function secretSource(name: string, options: EmitOptions): ConfigSource {
  return fileSource(secretFile(name), options);
}

/** Relative to the xDS folder. */
export function secretFile(name: string): string {
  return `sds/${fileName(name)}.json`;
}

/** `envoy.config.core.v3.DataSource` */
type DataSource = { readonly filename: string } | { readonly inline_string: string };

/** `envoy.extensions.transport_sockets.tls.v3.Secret` */
export function emitSecret(secret: Secret): TypedConfig {
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
