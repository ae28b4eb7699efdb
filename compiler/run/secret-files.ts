/**
 * Certificates and keys in files, for an Envoy that is run here: they are read for it and sent with everything else, and the
 * files are looked at for changes. Envoy's own watch takes two of the few inotify instances that a user has for each
 * certificate, and does not see a file that is written in place, so that a renewed certificate would be taken after the old
 * one has expired, if at all.
 */

import { authorityProblem, certificateProblem, revocationProblem } from "../front/services/certificates.ts";
import { Confidential } from "../ir/confidential.ts";
import type { AuthorityContent, CertificateContent, Config, Secret } from "../ir/ir.ts";
import { SYSTEM_ROOTS } from "../ir/system-roots.ts";
import { EnvironmentError } from "../platform/error.ts";
import { readAtMost } from "../source/bounded.ts";
import { type FileWatch, watchFiles } from "./watched-files.ts";

/** Bytes of one file. */
const LARGEST = 4 << 20;

/** The same with the contents of files in the place of their names. Throws an `EnvironmentError` when one is not usable. */
export function withSecretsRead(config: Config): Config {
  const { secrets } = config;
  return secrets === undefined ? config : { ...config, secrets: secrets.map(read) };
}

function read(secret: Secret): Secret {
  const { content } = secret;
  if (!isFollowed(secret)) {
    return secret;
  }
  return {
    ...secret,
    inFiles: false,
    content: content.kind === "certificate" ? readCertificate(content) : readAuthority(content),
  };
}

function readCertificate({ chain, key }: CertificateContent): CertificateContent {
  const [chainText, keyText] = [textOf(chain), textOf(key.reveal())];
  refuse(certificateProblem(chainText, keyText), chain);
  return { kind: "certificate", chain: chainText, key: new Confidential(keyText) };
}

function readAuthority({ trusted, revoked }: AuthorityContent): AuthorityContent {
  const text = textOf(trusted);
  refuse(authorityProblem(text), trusted);
  if (revoked === undefined) {
    return { kind: "authority", trusted: text };
  }
  const list = textOf(revoked);
  refuse(revocationProblem(list), revoked);
  return { kind: "authority", trusted: text, revoked: list };
}

function refuse(problem: string | undefined, file: string): void {
  if (problem !== undefined) {
    throw new EnvironmentError(`${file}: ${problem}`);
  }
}

function textOf(file: string): string {
  try {
    return Buffer.from(readAtMost(file, LARGEST)).toString("utf8");
  } catch (error) {
    throw new EnvironmentError(`cannot read the certificate file ${file}: ${(error as Error).message}`);
  }
}

/** Not the system's authorities, which come with Envoy's image, and may be elsewhere or nowhere on this machine; not what is for another machine. */
function isFollowed({ content, inFiles, isProxysOwn }: Secret): boolean {
  const isOfSystem = content.kind === "authority" && content.trusted === SYSTEM_ROOTS;
  return inFiles && isProxysOwn === undefined && !isOfSystem;
}

function filesOf({ secrets = [] }: Config): string[] {
  return secrets
    .filter(isFollowed)
    .flatMap(({ content }) =>
      content.kind === "certificate"
        ? [content.chain, content.key.reveal()]
        : [content.trusted, ...(content.revoked === undefined ? [] : [content.revoked])],
    );
}

/** Looks at the files of whatever configuration is served. */
export function watchSecretFiles(config: () => Config, onChange: () => void): FileWatch {
  return watchFiles(() => filesOf(config()), onChange);
}
