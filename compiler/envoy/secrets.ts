/**
 * Certificates and keys, each in a file of its own that only its owner can read. Envoy reads it again when it changes,
 * and a new certificate is shown without a listener or a connection being touched.
 */

import path from "node:path";
import type { Secret } from "../ir/ir.ts";
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
export function emitSecret({ name, content, inFiles }: Secret): TypedConfig {
  const source = (text: string): DataSource => (inFiles ? { filename: text } : { inline_string: text });
  // Somebody else's files are swapped as Kubernetes does it: by a move in the folder that holds them.
  const watched = (file: string) =>
    inFiles ? { watched_directory: { path: path.posix.dirname(file) } } : {};
  return typed("envoy.extensions.transport_sockets.tls.v3.Secret", {
    name,
    ...(content.kind === "certificate"
      ? {
          tls_certificate: {
            certificate_chain: source(content.chain),
            private_key: source(content.key.reveal()),
            ...watched(content.chain),
          },
        }
      : {
          validation_context: {
            trusted_ca: source(content.trusted),
            ...(content.revoked !== undefined && { crl: source(content.revoked) }),
            ...watched(content.trusted),
          },
        }),
  });
}
