/** Credentials that are written down: in a kubeconfig, or in files that it names. */

import { EnvironmentError } from "../../platform/error.ts";
import { CertificateCheck } from "./certificate-check.ts";
import type { CredentialSource, Credentials } from "./cluster-access.ts";
import { FreshFile } from "./fresh-file.ts";

/** A text that stands in the kubeconfig, or in a file that may change. */
export type Written = string | FreshFile;

export interface StaticCredentialsOptions {
  /** Of a bearer token. */
  readonly token?: Written;
  readonly password?: { readonly username: string; readonly password: string };
  readonly certificate?: { readonly cert: Written; readonly key: Written };
  /** Whose they are, for messages: `user "admin" in /home/me/.kube/config`. */
  readonly owner: string;
}

export class StaticCredentials implements CredentialSource {
  readonly #options: StaticCredentialsOptions;
  readonly #check: CertificateCheck;

  constructor(options: StaticCredentialsOptions) {
    this.#options = options;
    this.#check = new CertificateCheck(options.owner);
  }

  async current(): Promise<Credentials> {
    const { certificate } = this.#options;
    const authorization = this.#authorization();
    return {
      ...(authorization !== undefined && { authorization }),
      ...(certificate !== undefined && {
        certificate: this.#check.checked(textOf(certificate.cert), textOf(certificate.key)),
      }),
    };
  }

  refused(): void {
    const { token, certificate } = this.#options;
    for (const written of [token, certificate?.cert, certificate?.key]) {
      if (written instanceof FreshFile) {
        written.refresh();
      }
    }
  }

  #authorization(): string | undefined {
    const { token, password, owner } = this.#options;
    if (token !== undefined) {
      const text = textOf(token).trim();
      if (!/^[\x21-\x7e]+$/.test(text)) {
        const place = token instanceof FreshFile ? token.name : owner;
        throw new EnvironmentError(`${place}: the token must be printable characters without spaces`);
      }
      return `Bearer ${text}`;
    }
    return password && `Basic ${Buffer.from(`${password.username}:${password.password}`).toString("base64")}`;
  }
}

export function textOf(written: Written): string {
  return typeof written === "string" ? written : written.text();
}
