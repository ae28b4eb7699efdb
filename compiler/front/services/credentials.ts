/**
 * Where certificates and keys come from: Secret documents of the input, a folder that has one folder for each Secret
 * as Kubernetes mounts it, or files that a rule names. Whatever is wrong with them is said at the field that names
 * them, without a word of their content.
 */

import { existsSync } from "node:fs";
import path from "node:path";
import type { Span } from "../../diagnostics/span.ts";
import { Confidential } from "../../ir/confidential.ts";
import type { Secret } from "../../ir/ir.ts";
import { compareStrings } from "../../ir/text.ts";
import type { ProxyOptions } from "../../options.ts";
import { regularFileAtMost } from "../../source/bounded.ts";
import type { Resource, SecretSpec } from "../resources/model.ts";
import { authorityProblem, certificateProblem, outdated, revocationProblem } from "./certificates.ts";
import type { Report } from "./report.ts";

/** Names of the parts of a Secret: those of `kubernetes.io/tls` first, then those that Istio knows besides. */
const CERTIFICATE_KEYS = [
  ["tls.crt", "tls.key"],
  ["cert", "key"],
] as const;
const AUTHORITY_KEYS = ["ca.crt", "cacert"] as const;
const REVOKED_KEY = "ca.crl";
/** Istio looks for authorities in a Secret of this name, too. */
const AUTHORITY_SUFFIX = "-cacert";

/** A field that names a credential, and who is meant to find it. */
export interface CredentialUse {
  readonly name: string;
  readonly namespace: string;
  readonly span: Span;
}

/** The parts of a Secret, from wherever they are. */
interface Parts {
  /** Unique for where it comes from. */
  readonly id: string;
  /** The folder that holds it; absent for a document. */
  readonly folder?: string;
  readonly get: (key: string) => string | undefined;
}

/** One of them: what is in it, and the file that holds it, where there is one. */
interface Part {
  readonly text: string;
  readonly file?: string;
}

export class Credentials {
  readonly #documents = new Map<string, Resource<SecretSpec>>();
  readonly #options: ProxyOptions;
  readonly #report: Report;
  readonly #secrets = new Map<string, Secret>();

  constructor(documents: readonly Resource<SecretSpec>[], options: ProxyOptions, report: Report) {
    for (const document of documents) {
      this.#documents.set(`${document.namespace}/${document.name}`, document);
    }
    this.#options = options;
    this.#report = report;
  }

  /** Those that were asked for and are there. */
  all(): Secret[] {
    return [...this.#secrets.values()].sort((a, b) => compareStrings(a.name, b.name));
  }

  /** The name of the secret with a credential's certificate and key; undefined when it has none of use. */
  certificate(use: CredentialUse): string | undefined {
    const parts = this.#find(use);
    if (parts === undefined) {
      return undefined;
    }
    const keys = CERTIFICATE_KEYS.find(([chain]) => parts.get(chain) !== undefined) ?? CERTIFICATE_KEYS[0];
    const [chain, key] = keys.map((part) => parts.get(part));
    if (chain === undefined || key === undefined) {
      this.#missingPart(use, keys[chain === undefined ? 0 : 1]);
      return undefined;
    }
    const files = parts.folder === undefined ? undefined : keys.map((name) => path.join(parts.folder!, name));
    return this.#addCertificate(parts.id, chain, key, files, use.span);
  }

  /** The name of the secret with a credential's authorities; undefined when it has none. */
  authority(use: CredentialUse): string | undefined {
    const own = this.#find(use, false);
    const other = this.#find({ ...use, name: `${use.name}${AUTHORITY_SUFFIX}` }, false);
    for (const parts of [own, other]) {
      const key = AUTHORITY_KEYS.find((name) => parts?.get(name) !== undefined);
      if (parts === undefined || key === undefined) {
        continue;
      }
      const part = (name: string): Part | undefined => {
        const text = parts.get(name);
        return text === undefined
          ? undefined
          : { text, ...(parts.folder !== undefined && { file: path.join(parts.folder, name) }) };
      };
      return this.#addAuthority(`${parts.id}#${key}`, part(key)!, part(REVOKED_KEY), use.span);
    }
    if (own !== undefined) {
      this.#missingPart(use, AUTHORITY_KEYS[0]);
    }
    return undefined;
  }

  /** Files that a rule names. They may not be there yet: what compiles is not always what serves. */
  certificateFiles(chain: string, key: string, span: Span): string | undefined {
    const [chainText, keyText] = [chain, key].map(readIfThere);
    const id = `file:${chain}~${key}`;
    if (chainText === undefined || keyText === undefined) {
      return this.#add({
        name: id,
        content: { kind: "certificate", chain, key: new Confidential(key) },
        inFiles: true,
      });
    }
    return this.#addCertificate(id, chainText, keyText, [chain, key], span);
  }

  authorityFile(file: string, revokedFile: string | undefined, span: Span): string | undefined {
    const [text, revokedText] = [file, revokedFile].map((name) => name && readIfThere(name));
    const id = revokedFile ? `file:${file}~${revokedFile}` : `file:${file}`;
    if (!text || (revokedFile && !revokedText)) {
      const revoked = revokedFile ? { revoked: revokedFile } : {};
      return this.#add({
        name: id,
        content: { kind: "authority", trusted: file, ...revoked },
        inFiles: true,
      });
    }
    const revoked = revokedFile ? { text: revokedText!, file: revokedFile } : undefined;
    return this.#addAuthority(id, { text, file }, revoked, span);
  }

  #addCertificate(
    name: string,
    chain: string,
    key: string,
    files: readonly string[] | undefined,
    span: Span,
  ): string | undefined {
    const problem = certificateProblem(chain, key);
    if (problem !== undefined) {
      this.#report("SL0441", `${problem}; Envoy would refuse it`, span);
      return undefined;
    }
    const old = outdated(chain, new Date());
    if (old !== undefined) {
      this.#report("SL0442", `${old}; clients will refuse it`, span);
    }
    const [chainFile, keyFile] = files ?? [];
    return this.#add({
      name,
      content: { kind: "certificate", chain: chainFile ?? chain, key: new Confidential(keyFile ?? key) },
      inFiles: files !== undefined,
    });
  }

  #addAuthority(name: string, trusted: Part, revoked: Part | undefined, span: Span): string | undefined {
    const problem = authorityProblem(trusted.text) ?? (revoked && revocationProblem(revoked.text));
    if (problem !== undefined) {
      this.#report("SL0441", `${problem}; Envoy would refuse it`, span);
      return undefined;
    }
    return this.#add({
      name,
      content: {
        kind: "authority",
        trusted: trusted.file ?? trusted.text,
        ...(revoked && { revoked: revoked.file ?? revoked.text }),
      },
      inFiles: trusted.file !== undefined,
    });
  }

  #add(secret: Secret): string {
    this.#secrets.set(secret.name, secret);
    return secret.name;
  }

  #find(use: CredentialUse, mustExist = true): Parts | undefined {
    // Istio's gateways look in their own namespace; where rules are compiled, it need not be told.
    const name = use.name.replace(/^kubernetes:\/\//, "");
    const namespaces = [this.#options.proxyNamespace, use.namespace];
    for (const namespace of namespaces) {
      const document = this.#documents.get(`${namespace}/${name}`);
      if (document !== undefined) {
        return partsOf(document);
      }
    }
    const { secretsDirectory } = this.#options;
    const folder = path.join(secretsDirectory, name);
    if (secretsDirectory !== "" && isInside(folder, secretsDirectory) && existsSync(folder)) {
      return { id: `folder:${name}`, folder, get: (key) => readIfThere(path.join(folder, key)) };
    }
    if (mustExist) {
      this.#reportMissing(name, namespaces, use.span);
    }
    return undefined;
  }

  #reportMissing(name: string, namespaces: readonly string[], span: Span): void {
    const elsewhere = [...this.#documents.values()].find((document) => document.name === name);
    const { secretsDirectory } = this.#options;
    this.#report(
      "SL0440",
      `there is no Secret "${name}" in namespace ${[...new Set(namespaces)].join(" or ")}${secretsDirectory === "" ? "" : `, and no folder of that name in ${secretsDirectory}`}`,
      span,
      () => ({
        help:
          elsewhere === undefined
            ? "Add the Secret to the input, or name a folder that has one for each with --secrets-directory."
            : `There is one in namespace ${elsewhere.namespace}: pass --proxy-namespace ${elsewhere.namespace} if that is where the proxy runs.`,
      }),
    );
  }

  #missingPart({ name, span }: CredentialUse, part: string): void {
    this.#report("SL0440", `the Secret "${name}" has no ${part}`, span);
  }
}

function partsOf({ namespace, name, spec }: Resource<SecretSpec>): Parts {
  return {
    id: `kubernetes://${namespace}/${name}`,
    get: (key) => {
      const encoded = spec.data?.[key];
      return spec.stringData?.[key] ?? (encoded && Buffer.from(encoded, "base64").toString("utf8"));
    },
  };
}

/** A name with `..` in it must not lead elsewhere. */
function isInside(folder: string, parent: string): boolean {
  const relative = path.relative(parent, folder);
  return relative !== "" && !relative.startsWith("..") && !path.isAbsolute(relative);
}

/** Bytes; the authorities of a whole system are a fraction of it. */
const MAX_FILE_SIZE = 16 * 1024 * 1024;

function readIfThere(file: string): string | undefined {
  return regularFileAtMost(file, MAX_FILE_SIZE);
}
