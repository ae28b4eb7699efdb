/** TLS of a server of streams, whose certificates can be renewed while it serves. */

import type { ServerCredentials } from "@grpc/grpc-js";

/** PEM. */
export interface AdsServerTls {
  readonly key: Buffer;
  readonly certificate: Buffer;
  /** Whoever signs the certificates of clients; each of them must then have one. */
  readonly clientCa?: Buffer;
}

export interface RenewableServerCredentials extends ServerCredentials {
  /** For whoever connects from now on. */
  renew(now: AdsServerTls): void;
}

/**
 * Credentials that can become others. Streams that are open stay so; whoever connects from then on is shown the new
 * certificate, and held against the new authority. Whether clients need a certificate at all is decided once.
 */
export async function renewableCredentials(tls: AdsServerTls): Promise<RenewableServerCredentials> {
  const grpc = await import("@grpc/grpc-js");
  class RenewableCredentials extends grpc.ServerCredentials {
    constructor() {
      const needsClientCertificate = tls.clientCa !== undefined;
      super(
        {
          requestCert: needsClientCertificate,
          rejectUnauthorized: needsClientCertificate,
          minVersion: "TLSv1.2",
        },
        contextOf(tls),
      );
    }

    renew(now: AdsServerTls): void {
      this.updateSecureContextOptions(contextOf(now));
    }

    override _equals(other: unknown): boolean {
      return this === other;
    }
  }
  return new RenewableCredentials();
}

function contextOf({ key, certificate, clientCa }: AdsServerTls) {
  return { key, cert: certificate, ...(clientCa && { ca: clientCa }) };
}
