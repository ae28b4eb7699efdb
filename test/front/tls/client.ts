/** A client that speaks TLS, and says how that went. */

import https from "node:https";
import type { PeerCertificate, TLSSocket } from "node:tls";
import type { Pair } from "../../harness/authority.ts";

export interface TlsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
  /** Common name of the certificate that was shown. */
  readonly certificate: string;
  /** And its serial number. */
  readonly serial: string;
  readonly protocol: string | null;
}

export interface TlsQuestion {
  readonly port: number;
  readonly host: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The authority that is believed. */
  readonly ca: string;
  readonly own?: Pair;
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
  /** As OpenSSL names them. */
  readonly ciphers?: string;
  /** What is asked for by TLS, when it is not the host. */
  readonly servername?: string;
}

const TIMEOUT_MS = 5000;

/** Rejects when the connection cannot be made, or the server is not believed. */
export function askTls(question: TlsQuestion): Promise<TlsAnswer> {
  const { port, host, path = "/", ca, own, maxVersion, servername = host } = question;
  return new Promise((resolve, reject) => {
    const request = https.get(
      {
        host: "127.0.0.1",
        port,
        path,
        headers: { ...question.headers, host },
        servername,
        ca,
        agent: false,
        timeout: TIMEOUT_MS,
        ...(own && { cert: own.certificate, key: own.key }),
        ...(maxVersion && { maxVersion }),
        ...(question.ciphers && { ciphers: question.ciphers }),
      },
      (response) => {
        const socket = response.socket as TLSSocket;
        const peer: PeerCertificate = socket.getPeerCertificate();
        const protocol = socket.getProtocol();
        let body = "";
        response.on("data", (data) => {
          body += data;
        });
        response.on("end", () => {
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            body,
            certificate: String(peer.subject?.CN),
            serial: peer.serialNumber,
            protocol,
          });
        });
      },
    );
    request.on("timeout", () => request.destroy(new Error("no answer")));
    request.on("error", reject);
  });
}
