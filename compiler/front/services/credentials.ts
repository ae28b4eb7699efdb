/**
 * Where certificates and keys come from: Secret documents of the input, a folder that has one folder for each Secret
 * as Kubernetes mounts it, or files that a rule names. Whatever is wrong with them is said at the field that names
 * them, without a word of their content. What is on the disk, and what day it is, is for others to know: both are
 * handed in, so that equal input gives an equal result.
 */

import path from "node:path";
import type { Span } from "../../diagnostics/span.ts";
import { Confidential } from "../../ir/confidential.ts";
import type { Secret } from "../../ir/ir.ts";
import { SYSTEM_ROOTS } from "../../ir/system-roots.ts";
import type { ProxyOptions } from "../../options.ts";
import type { Resource, SecretSpec } from "../resources/model.ts";
import { authorityProblem, certificateProblem, outdated, revocationProblem } from "./certificates.ts";
import type { Finding } from "./report.ts";

/** Names of the parts of a Secret: those of `kubernetes.io/tls` first, then those that Istio knows besides. */
const CERTIFICATE_KEYS = [
  ["tls.crt", "tls.key"],
  ["cert", "key"],
] as const;
const AUTHORITY_KEYS = ["ca.crt", "cacert"] as const;
const REVOKED_KEY = "ca.crl";
/** Of an identity: as Istio's agent writes them (`OUTPUT_CERTS`), or as a mounted Secret of Kubernetes has them. */
const IDENTITY_FILES = [
  ["cert-chain.pem", "key.pem", "root-cert.pem"],
  ["tls.crt", "tls.key", "ca.crt"],
] as const;
/** What istiod calls the secrets of an identity. */
const IDENTITY = "default";
const IDENTITY_ROOTS = "ROOTCA";
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

/** The disk, as far as certificates and keys are on it. */
export interface CredentialFiles {
  /** The text; undefined for what is not there, or is no file of a sensible size. */
  read(file: string): string | undefined;
  exists(path: string): boolean;
}

/** What became of a credential that was asked for. */
export interface FoundCredential {
  /** Absent: there is nothing of use. */
  readonly secret?: Secret;
  readonly findings: readonly Finding[];
}

/** What this proxy is in its mesh, and whom it believes there. */
export interface FoundIdentity {
  readonly certificate: FoundCredential;
  readonly roots: FoundCredential;
}

type CredentialOptions = Pick<ProxyOptions, "proxyNamespace" | "secretsDirectory" | "identityDirectory">;

export class Credentials {
  readonly #documents = new Map<string, Resource<SecretSpec>>();
  readonly #options: CredentialOptions;
  readonly #files: CredentialFiles;
  readonly #now: Date;
  readonly #isElsewhere: boolean;

  /**
   * `isElsewhere`: the proxy runs on a machine of its own, in the namespace of the options for sure: it gets no Secret of another,
   * and its identity is nothing that can be seen here.
   */
  constructor(
    documents: readonly Resource<SecretSpec>[],
    options: CredentialOptions,
    files: CredentialFiles,
    now: Date,
    isElsewhere: boolean,
  ) {
    this.#isElsewhere = isElsewhere;
    for (const document of documents) {
      this.#documents.set(`${document.namespace}/${document.name}`, document);
    }
    this.#options = options;
    this.#files = files;
    this.#now = now;
  }

  /** A certificate and its key. */
  certificate(use: CredentialUse): FoundCredential {
    const parts = this.#find(use);
    if (parts === undefined) {
      return { findings: [this.#missing(use)] };
    }
    const keys = CERTIFICATE_KEYS.find(([chain]) => parts.get(chain) !== undefined) ?? CERTIFICATE_KEYS[0];
    const [chain, key] = keys.map((part) => parts.get(part));
    if (chain === undefined || key === undefined) {
      return { findings: [missingPart(use, keys[chain === undefined ? 0 : 1])] };
    }
    const files = parts.folder === undefined ? undefined : keys.map((name) => path.join(parts.folder!, name));
    return this.#certificateOf(parts.id, chain, key, files, use.span);
  }

  /** Authorities, and the certificates that they have revoked. */
  authority(use: CredentialUse): FoundCredential {
    const own = this.#find(use);
    const other = this.#find({ ...use, name: `${use.name}${AUTHORITY_SUFFIX}` });
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
      return authorityOf(`${parts.id}#${key}`, part(key)!, part(REVOKED_KEY), use.span);
    }
    return { findings: own === undefined ? [] : [missingPart(use, AUTHORITY_KEYS[0])] };
  }

  /** Files that a rule names. They may be on another machine: what compiles is not always what serves. */
  certificateFiles(chain: string, key: string, span: Span): FoundCredential {
    const [chainText, keyText] = [chain, key].map((file) => this.#files.read(file));
    const name = `file:${chain}~${key}`;
    if (chainText === undefined || keyText === undefined) {
      const content = { kind: "certificate", chain, key: new Confidential(key) } as const;
      const missing = [chainText === undefined && chain, keyText === undefined && key];
      return { secret: { name, content, inFiles: true }, findings: missingFiles(missing, span) };
    }
    return this.#certificateOf(name, chainText, keyText, [chain, key], span);
  }

  authorityFile(file: string, revokedFile: string | undefined, span: Span): FoundCredential {
    const [text, revokedText] = [file, revokedFile].map((name) => name && this.#files.read(name));
    const name = revokedFile ? `file:${file}~${revokedFile}` : `file:${file}`;
    if (!text || (revokedFile && !revokedText)) {
      const revoked = revokedFile ? { revoked: revokedFile } : {};
      const content = { kind: "authority", trusted: file, ...revoked } as const;
      const missing = [!text && file !== SYSTEM_ROOTS && file, !revokedText && revokedFile];
      return { secret: { name, content, inFiles: true }, findings: missingFiles(missing, span) };
    }
    const revoked = revokedFile ? { text: revokedText!, file: revokedFile } : undefined;
    return authorityOf(name, { text, file }, revoked, span);
  }

  /** By the files of `--identity-directory`, for a field that asks for it; `revokedFile` is one that a rule names. */
  identity(field: string, span: Span, revokedFile?: string): FoundIdentity {
    const { identityDirectory: folder } = this.#options;
    if (folder === "") {
      return { certificate: { findings: [withoutIdentity(field, span)] }, roots: { findings: [] } };
    }
    const [agents] = IDENTITY_FILES;
    const isThere = (names: readonly string[]) =>
      names.some((name) => this.#files.exists(path.join(folder, name)));
    const names = this.#isElsewhere ? agents : (IDENTITY_FILES.find(isThere) ?? agents);
    const [chain, key, roots] = names.map((name) => path.join(folder, name)) as [string, string, string];
    const rootsName = revokedFile ? `${IDENTITY_ROOTS}~${revokedFile}` : IDENTITY_ROOTS;
    if (this.#isElsewhere) {
      const revoked = revokedFile ? { revoked: revokedFile } : {};
      return {
        certificate: proxysOwn(IDENTITY, { kind: "certificate", chain, key: new Confidential(key) }),
        roots: proxysOwn(rootsName, { kind: "authority", trusted: roots, ...revoked }),
      };
    }
    const [chainText, keyText, rootsText] = [chain, key, roots].map((file) => this.#files.read(file));
    const revokedText = revokedFile && this.#files.read(revokedFile);
    const missing = names.filter((_, i) => [chainText, keyText, rootsText][i] === undefined);
    if (chainText === undefined || keyText === undefined || rootsText === undefined) {
      return {
        certificate: { findings: [incompleteIdentity(folder, missing, span)] },
        roots: { findings: [] },
      };
    }
    const unread = revokedFile && revokedText === undefined ? missingFiles([revokedFile], span) : [];
    const revoked = revokedFile && revokedText ? { text: revokedText, file: revokedFile } : undefined;
    const found = authorityOf(rootsName, { text: rootsText, file: roots }, revoked, span);
    return {
      certificate: this.#certificateOf(IDENTITY, chainText, keyText, [chain, key], span),
      roots: { ...found, findings: [...found.findings, ...unread] },
    };
  }

  #certificateOf(
    name: string,
    chain: string,
    key: string,
    files: readonly string[] | undefined,
    span: Span,
  ): FoundCredential {
    const problem = certificateProblem(chain, key);
    if (problem !== undefined) {
      return { findings: [refusedByEnvoy(problem, span)] };
    }
    const old = outdated(chain, this.#now);
    const [chainFile, keyFile] = files ?? [];
    return {
      secret: {
        name,
        content: { kind: "certificate", chain: chainFile ?? chain, key: new Confidential(keyFile ?? key) },
        inFiles: files !== undefined,
      },
      findings:
        old === undefined ? [] : [{ code: "SL0442", message: `${old}; clients will refuse it`, span }],
    };
  }

  #find(use: CredentialUse): Parts | undefined {
    const name = secretName(use.name);
    for (const namespace of this.#namespaces(use)) {
      const document = this.#documents.get(`${namespace}/${name}`);
      if (document !== undefined) {
        return partsOf(document);
      }
    }
    const { secretsDirectory } = this.#options;
    const folder = path.join(secretsDirectory, name);
    return secretsDirectory !== "" && isInside(folder, secretsDirectory) && this.#files.exists(folder)
      ? { id: `folder:${name}`, folder, get: (key) => this.#files.read(path.join(folder, key)) }
      : undefined;
  }

  /** Istio's gateways look in their own namespace; where rules are compiled, it need not be told. */
  #namespaces({ namespace }: CredentialUse): readonly string[] {
    const { proxyNamespace } = this.#options;
    return this.#isElsewhere ? [proxyNamespace] : [proxyNamespace, namespace];
  }

  #missing(use: CredentialUse): Finding {
    const name = secretName(use.name);
    const elsewhere = [...this.#documents.values()].find((document) => document.name === name);
    const { secretsDirectory } = this.#options;
    return {
      code: "SL0440",
      message: `unknown Secret "${name}" in namespace ${[...new Set(this.#namespaces(use))].join(" or ")}${secretsDirectory === "" ? "" : `, and no folder of that name in ${secretsDirectory}`}`,
      span: use.span,
      more: () => ({
        help:
          elsewhere === undefined
            ? "Add the Secret to the input, or pass --secrets-directory with a folder that contains it."
            : `There is one in namespace ${elsewhere.namespace}: pass --proxy-namespace ${elsewhere.namespace} if the proxy runs there.`,
      }),
    };
  }
}

/** Of the Secret that a `credentialName` stands for, which may say that it is one of Kubernetes. */
export function secretName(credentialName: string): string {
  return credentialName.replace(/^kubernetes:\/\//, "");
}

function missingPart({ name, span }: CredentialUse, part: string): Finding {
  return { code: "SL0440", message: `the Secret "${name}" has no ${part}`, span };
}

function proxysOwn(name: string, content: Secret["content"]): FoundCredential {
  return { secret: { name, content, inFiles: true, isProxysOwn: true }, findings: [] };
}

function withoutIdentity(field: string, span: Span): Finding {
  return {
    code: "SL0302",
    message: `${field} ("ISTIO_MUTUAL"): this proxy has no identity in the mesh`,
    span,
    more: () => ({
      help: "Pass --identity-directory DIR, with cert-chain.pem, key.pem and root-cert.pem as Istio's agent writes them, or tls.crt, tls.key and ca.crt.",
    }),
  };
}

function incompleteIdentity(folder: string, missing: readonly string[], span: Span): Finding {
  return {
    code: "SL0440",
    message: `the identity directory ${folder} has no ${missing.join(" and no ")}`,
    span,
    more: () => ({
      help: "It must contain cert-chain.pem, key.pem and root-cert.pem as Istio's agent writes them, or tls.crt, tls.key and ca.crt.",
    }),
  };
}

function refusedByEnvoy(problem: string, span: Span): Finding {
  return { code: "SL0441", message: `${problem}; Envoy would refuse it`, span };
}

/** Those of the system, which nobody names, are part of Envoy's images and of most machines. */
function missingFiles(files: readonly (string | false | undefined)[], span: Span): Finding[] {
  return files
    .filter((file) => typeof file === "string")
    .map((file) => ({
      code: "SL0445",
      message: `the file ${file} does not exist on this machine, or cannot be read; Envoy would wait for it`,
      span,
    }));
}

function authorityOf(name: string, trusted: Part, revoked: Part | undefined, span: Span): FoundCredential {
  const problem = authorityProblem(trusted.text) ?? (revoked && revocationProblem(revoked.text));
  if (problem !== undefined) {
    return { findings: [refusedByEnvoy(problem, span)] };
  }
  return {
    secret: {
      name,
      content: {
        kind: "authority",
        trusted: trusted.file ?? trusted.text,
        ...(revoked && { revoked: revoked.file ?? revoked.text }),
      },
      inFiles: trusted.file !== undefined,
    },
    findings: [],
  };
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
