/** Certificates for tests, made when they run: nothing here is a secret of anybody. */

import "reflect-metadata";
import { type KeyPairKeyObjectResult, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

interface Wish {
  /** DNS names of the certificate; the first is its common name. */
  readonly names: readonly string[];
  /** IP addresses. */
  readonly addresses?: readonly string[];
  /** Such as SPIFFE ids. */
  readonly uris?: readonly string[];
  /** Days from now; negative for one that is over. */
  readonly days?: number;
  /** Of another kind than usual. */
  readonly keys?: KeyPairKeyObjectResult;
}

/** Whoever trusts its certificate believes those that it issues. */
export class Authority {
  readonly certificate: string;
  readonly #issuer: string;
  readonly #keys: CryptoKeyPair;

  private constructor(certificate: x509.X509Certificate, keys: CryptoKeyPair) {
    this.certificate = certificate.toString("pem");
    this.#issuer = certificate.subject;
    this.#keys = keys;
  }

  static async create(name: string): Promise<Authority> {
    const keys = await makeKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`,
      ...validity(30),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ],
    });
    return new Authority(certificate, keys);
  }

  /** A list of certificates that it no longer stands for, in PEM. */
  async revoke(pairs: readonly Pair[]): Promise<string> {
    const list = await x509.X509CrlGenerator.create({
      issuer: this.#issuer,
      thisUpdate: new Date(Date.now() - DAY_MS),
      nextUpdate: new Date(Date.now() + DAY_MS),
      entries: pairs.map(({ certificate }) => ({
        serialNumber: new x509.X509Certificate(certificate).serialNumber,
        revocationDate: new Date(Date.now() - DAY_MS),
        // Without any extension the list would have an empty sequence of them, which Envoy does not read.
        reason: x509.X509CrlReason.keyCompromise,
      })),
      signingAlgorithm: ALGORITHM,
      signingKey: this.#keys.privateKey,
    });
    return x509.PemConverter.encode(list.rawData, "X509 CRL");
  }

  async issue({ names, addresses = [], uris = [], days = 30, keys }: Wish): Promise<Pair> {
    const own = keys === undefined ? await makeKeys() : undefined;
    const certificate = await x509.X509CertificateGenerator.create({
      subject: names[0] === undefined ? "" : `CN=${names[0]}`,
      issuer: this.#issuer,
      ...validity(days),
      publicKey:
        own?.publicKey ?? new x509.PublicKey(keys!.publicKey.export({ type: "spki", format: "der" })),
      signingKey: this.#keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          ...names.map((value) => ({ type: "dns" as const, value })),
          ...addresses.map((value) => ({ type: "ip" as const, value })),
          ...uris.map((value) => ({ type: "url" as const, value })),
        ]),
      ],
    });
    const exported =
      own === undefined
        ? keys!.privateKey.export({ type: "pkcs8", format: "der" })
        : await webcrypto.subtle.exportKey("pkcs8", own.privateKey);
    return {
      certificate: certificate.toString("pem"),
      key: x509.PemConverter.encode(exported, "PRIVATE KEY"),
    };
  }
}

type CryptoKeyPair = webcrypto.CryptoKeyPair;

function makeKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]) as Promise<CryptoKeyPair>;
}

/** Of a certificate that is over, the time before it counts as well. */
function validity(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return {
    notBefore: new Date(now - (days < 0 ? 1 - days : 1) * DAY_MS),
    notAfter: new Date(now + days * DAY_MS),
  };
}

/** A Secret document; JSON is YAML. */
export function secretYaml(
  name: string,
  parts: Readonly<Record<string, string>>,
  namespace = "default",
): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace },
    data: Object.fromEntries(
      Object.entries(parts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
    ),
  });
}

/** As `kubernetes.io/tls` has it. */
export function tlsSecret(
  name: string,
  { certificate, key }: Pair,
  authority?: string,
  namespace?: string,
): string {
  const parts = {
    "tls.crt": certificate,
    "tls.key": key,
    ...(authority !== undefined && { "ca.crt": authority }),
  };
  return secretYaml(name, parts, namespace);
}
