/** A client that speaks TLS, and says how that went. */

import https from "node:https";
import net from "node:net";
import tls, { type PeerCertificate, type TLSSocket } from "node:tls";
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
  /** Bytes with which the connection begins, before TLS. */
  readonly preface?: Uint8Array;
}

/** Longer than a busy machine needs. */
const TIMEOUT_MS = 30_000;

/** Rejects when the connection cannot be made, or the server is not believed. */
export function askTls(question: TlsQuestion): Promise<TlsAnswer> {
  const { port, host, path = "/", ca, own, maxVersion, servername = host, preface } = question;
  const asClient = {
    servername,
    ca,
    ...(own && { cert: own.certificate, key: own.key }),
    ...(maxVersion && { maxVersion }),
    ...(question.ciphers && { ciphers: question.ciphers }),
  };
  return new Promise((resolve, reject) => {
    const request = https.get(
      {
        host: "127.0.0.1",
        port,
        path,
        headers: { ...question.headers, host },
        timeout: TIMEOUT_MS,
        ...asClient,
        // An agent would connect by itself.
        ...(preface ? { createConnection: () => prefaced(port, preface, asClient) } : { agent: false }),
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

function prefaced(port: number, preface: Uint8Array, asClient: tls.ConnectionOptions): tls.TLSSocket {
  const socket = net.connect({ host: "127.0.0.1", port });
  socket.write(preface);
  return tls.connect({ socket, ...asClient });
}
