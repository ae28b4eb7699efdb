/**
 * Who may ask a server, from files: certificates, tokens, and which client may claim what. The files are read again when they
 * change, so that nothing has to be started anew when a certificate is renewed or a token replaced. A file that has become
 * unusable changes nothing: what was read before stays in effect, and a line says so.
 */

import { X509Certificate } from "node:crypto";
import { authorityProblem, certificateProblem } from "../../front/services/certificates.ts";
import { EnvironmentError } from "../../platform/error.ts";
import type { AdsServerTls } from "../../run/ads/server-tls.ts";
import { type FileWatch, watchFiles } from "../../run/watched-files.ts";
import { readAtMost, whyUnreadable } from "../../source/bounded.ts";
import { type Admission, type AdmissionPolicy, admit, type Claim, type Refusal } from "./admission.ts";
import { namesOf } from "./certificate-names.ts";
import { readClients } from "./clients-file.ts";
import type { Peer } from "./peer.ts";
import { hasDigest, readTokens } from "./tokens.ts";

/** Names of files. */
export interface IdentityFiles {
  /** The server's own certificate chain and key, PEM. Both or neither. */
  readonly certificate?: string;
  readonly key?: string;
  /** Whoever signs the certificates of clients, PEM: from now on each client needs one. */
  readonly clientCa?: string;
  /** Tokens, one a line, with which proxies may claim everything. */
  readonly tokens?: string;
  /** Which client may claim what. */
  readonly clients?: string;
  /** Tokens, one a line, with which the state of the fleet may be changed over HTTP. Absent: those of `tokens`. */
  readonly httpTokens?: string;
}

interface Read {
  readonly policy: AdmissionPolicy;
  readonly httpTokens: readonly Uint8Array[] | undefined;
  readonly server: AdsServerTls | undefined;
}

/** Bytes of one file. */
const LARGEST = 4 << 20;

export class Identity {
  readonly #files: IdentityFiles;
  readonly #onProblem: (line: string) => void;
  readonly #listeners: (() => void)[] = [];
  readonly #watch: FileWatch;
  /** Files with tokens that the clients file names. */
  readonly #tokenFiles = new Set<string>();
  #read: Read;

  /**
   * Throws an `EnvironmentError` when a file is not usable. `onProblem` is told, in a line, of one that becomes so later.
   */
  constructor(files: IdentityFiles, onProblem: (line: string) => void) {
    this.#files = files;
    this.#onProblem = onProblem;
    this.#read = this.#readAll();
    this.#watch = watchFiles(
      () => [...Object.values(files), ...this.#tokenFiles],
      () => this.#readAgain(),
    );
  }

  /** Whether a proxy may be what it claims. */
  admit(peer: Peer, claim: Claim): Admission | Refusal {
    return admit(peer, claim, this.#read.policy);
  }

  /** Whether somebody with this token may change the state of the fleet; `undefined`: there are no tokens, so nobody may. */
  mayChange(token: string | undefined): boolean | undefined {
    const { httpTokens } = this.#read;
    return httpTokens && token !== undefined && hasDigest(httpTokens, token);
  }

  /** Of the server itself; absent: it speaks plain text. */
  get certificate(): AdsServerTls | undefined {
    return this.#read.server;
  }

  /** By which the server's certificate knows it; none without one. */
  get serverNames(): readonly string[] {
    const { certificate } = this.#read.server ?? {};
    if (certificate === undefined) {
      return [];
    }
    const { spiffe, names } = namesOf(new X509Certificate(certificate));
    return [...(spiffe ? [spiffe.text] : []), ...names];
  }

  /** Whether a client is a server of this fleet: it has a name that this one has too, or nobody has to prove anything. */
  isServer({ certificate }: Peer): boolean {
    if (this.#read.policy.isOpen) {
      return true;
    }
    if (certificate === undefined) {
      return false;
    }
    const { spiffe, names } = namesOf(certificate);
    const own = this.serverNames;
    return names.some((name) => own.includes(name)) || (spiffe !== undefined && own.includes(spiffe.text));
  }

  /** Called when files have changed: certificates may be others, and streams may not be allowed any more. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#watch.stop();
  }

  #readAgain(): void {
    let read: Read;
    try {
      read = this.#readAll();
    } catch (error) {
      if (!(error instanceof EnvironmentError)) {
        throw error;
      }
      this.#onProblem(
        `${[error.message, ...error.details].join("; ")}; what was read before stays in effect`,
      );
      return;
    }
    if (JSON.stringify(read) !== JSON.stringify(this.#read)) {
      this.#read = read;
      for (const listener of this.#listeners) {
        listener();
      }
    }
  }

  #readAll(): Read {
    const { tokens, clients, httpTokens } = this.#files;
    const server = this.#readCertificate();
    const digests = tokens === undefined ? undefined : tokensIn(tokens);
    const known = clients === undefined ? undefined : this.#readClients(clients);
    return {
      server,
      policy: {
        ...(digests !== undefined && { tokenDigests: digests }),
        ...(known !== undefined && { clients: known }),
        isOpen: server?.clientCa === undefined && digests === undefined && known === undefined,
      },
      httpTokens: httpTokens === undefined ? digests : tokensIn(httpTokens),
    };
  }

  #readCertificate(): AdsServerTls | undefined {
    const { certificate: chainFile, key: keyFile, clientCa: caFile } = this.#files;
    if (chainFile === undefined || keyFile === undefined) {
      return undefined;
    }
    const [certificate, key] = [contentOf(chainFile), contentOf(keyFile)];
    refuse(certificateProblem(certificate.toString(), key.toString()), chainFile);
    if (caFile === undefined) {
      return { certificate, key };
    }
    const clientCa = contentOf(caFile);
    refuse(authorityProblem(clientCa.toString()), caFile);
    return { certificate, key, clientCa };
  }

  #readClients(file: string) {
    this.#tokenFiles.clear();
    const result = readClients(file, contentOf(file).toString(), (tokenFile) => {
      this.#tokenFiles.add(tokenFile);
      return readTokens(textOrThrow(tokenFile));
    });
    if ("problems" in result) {
      throw new EnvironmentError(`the clients file ${file} is not valid`, result.problems);
    }
    return result.clients;
  }
}

function tokensIn(file: string): Buffer[] {
  const text = contentOf(file).toString();
  try {
    return readTokens(text);
  } catch (error) {
    throw new EnvironmentError(`${file}: ${(error as Error).message}`);
  }
}

function refuse(problem: string | undefined, file: string): void {
  if (problem !== undefined) {
    throw new EnvironmentError(`${file}: ${problem}`);
  }
}

function textOrThrow(file: string): string {
  try {
    return Buffer.from(readAtMost(file, LARGEST)).toString("utf8");
  } catch (error) {
    throw new Error(whyUnreadable(error));
  }
}

function contentOf(file: string): Buffer {
  try {
    return Buffer.from(readAtMost(file, LARGEST));
  } catch (error) {
    throw new EnvironmentError(`cannot read ${file}: ${whyUnreadable(error)}`);
  }
}
