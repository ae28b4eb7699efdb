/**
 * Whether a client certificate can be of use. A server that is shown an expired one says "Unauthorized" and no more, so
 * it is looked at here, where the file and the date can be named.
 */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { EnvironmentError } from "../../platform/error.ts";

export interface ClientCertificate {
  /** PEM, with the chain. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

export class CertificateCheck {
  readonly #owner: string;
  readonly #now: () => number;
  #last: (ClientCertificate & { readonly from: number; readonly to: number }) | undefined;

  /** `owner` begins every message. */
  constructor(owner: string, now: () => number = Date.now) {
    this.#owner = owner;
    this.#now = now;
  }

  /** Throws an `EnvironmentError` for what is no certificate, not of this key, or not valid at this time. */
  checked(cert: string, key: string): ClientCertificate {
    if (this.#last === undefined || this.#last.cert !== cert || this.#last.key !== key) {
      this.#last = { cert, key, ...this.#validity(cert, key) };
    }
    const { from, to } = this.#last;
    const now = this.#now();
    if (now > to) {
      throw this.#error(`the client certificate expired on ${dateOf(to)}; get a new one`);
    }
    if (now < from) {
      throw this.#error(
        `the client certificate is valid only from ${dateOf(from)}; is this machine's clock right?`,
      );
    }
    return { cert, key };
  }

  #validity(cert: string, key: string): { from: number; to: number } {
    let parsed: X509Certificate;
    try {
      parsed = new X509Certificate(cert);
    } catch {
      throw this.#error("the client certificate is not a certificate in PEM format");
    }
    let matches: boolean;
    try {
      matches = parsed.checkPrivateKey(createPrivateKey(key));
    } catch {
      throw this.#error("the client key is not an unencrypted private key in PEM format");
    }
    if (!matches) {
      throw this.#error("the client key does not belong to the client certificate");
    }
    return { from: Date.parse(parsed.validFrom), to: Date.parse(parsed.validTo) };
  }

  #error(what: string): EnvironmentError {
    return new EnvironmentError(`${this.#owner}: ${what}`);
  }
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
