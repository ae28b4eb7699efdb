/**
 * Credentials from a program that the kubeconfig names, such as that of a cloud (client.authentication.k8s.io v1 and
 * v1beta1). It is run as it is named, without a shell; what it gave is used until it expires or the server refuses it.
 */

import { EnvironmentError } from "../../platform/error.ts";
import { CertificateCheck } from "./certificate-check.ts";
import type { CredentialSource, Credentials } from "./cluster-access.ts";
import { type PluginProgram, runPlugin } from "./run-plugin.ts";

interface Answer {
  readonly credentials: Credentials;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** What expires this soon is not used any more: a request takes time, and clocks differ. */
const SKEW_MS = 10_000;
/** A program that gives what the server refuses is not run more often than this. */
const PAUSE_MS = 10_000;

export class ExecPlugin implements CredentialSource {
  readonly #program: PluginProgram;
  readonly #check: CertificateCheck;
  readonly #run: typeof runPlugin;
  readonly #now: () => number;
  #answer: Answer | undefined;
  #running: Promise<Answer> | undefined;
  #ranAt = Number.NEGATIVE_INFINITY;

  constructor(program: PluginProgram, { run = runPlugin, now = Date.now } = {}) {
    this.#program = program;
    this.#check = new CertificateCheck(program.owner, now);
    this.#run = run;
    this.#now = now;
  }

  async current(): Promise<Credentials> {
    if (this.#answer !== undefined && this.#now() < this.#answer.expiresAt - SKEW_MS) {
      return this.#answer.credentials;
    }
    // Many requests may want it at once: one run is for all of them.
    this.#running ??= this.#ask().finally(() => {
      this.#running = undefined;
    });
    return (await this.#running).credentials;
  }

  refused(credentials: Credentials): void {
    if (this.#answer?.credentials === credentials && this.#now() - this.#ranAt >= PAUSE_MS) {
      this.#answer = undefined;
    }
  }

  async #ask(): Promise<Answer> {
    const text = await this.#run(this.#program);
    this.#ranAt = this.#now();
    this.#answer = this.#read(text);
    return this.#answer;
  }

  #read(text: string): Answer {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw this.#error("writes something that is not JSON");
    }
    const { apiVersion, kind, status } = (value ?? {}) as Record<string, unknown>;
    if (kind !== "ExecCredential") {
      throw this.#error("does not write an ExecCredential");
    }
    if (apiVersion !== this.#program.apiVersion) {
      throw this.#error(
        `writes an ExecCredential of "${String(apiVersion)}"; use that as \`apiVersion\`, which is "${this.#program.apiVersion}"`,
      );
    }
    const given = (status ?? {}) as Record<string, unknown>;
    const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = given;
    if ([token, cert, key, expirationTimestamp].some((one) => one !== undefined && typeof one !== "string")) {
      throw this.#error("writes an ExecCredential with a field of another type than text");
    }
    if ((cert === undefined) !== (key === undefined) || (token === undefined && cert === undefined)) {
      throw this.#error("writes neither `status.token` nor both `clientCertificateData` and `clientKeyData`");
    }
    if (typeof token === "string" && !/^[\x21-\x7e]+$/.test(token)) {
      throw this.#error("writes a token that is not printable characters without spaces");
    }
    const expiresAt =
      expirationTimestamp === undefined
        ? Number.POSITIVE_INFINITY
        : Date.parse(expirationTimestamp as string);
    if (Number.isNaN(expiresAt)) {
      throw this.#error("writes an `expirationTimestamp` that is not a time");
    }
    return {
      credentials: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(cert !== undefined && { certificate: this.#check.checked(cert as string, key as string) }),
      },
      expiresAt,
    };
  }

  #error(what: string): EnvironmentError {
    return new EnvironmentError(`${this.#program.owner}: the program "${this.#program.command}" ${what}`);
  }
}
