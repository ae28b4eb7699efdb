/**
 * Certificates and keys in files, for an Envoy that is run here: they are read for it and sent with everything else, and the
 * files are looked at for changes. Envoy's own watch takes two of the few inotify instances that a user has for each
 * certificate, and does not see a file that is written in place, so that a renewed certificate would be taken after the old
 * one has expired, if at all.
 */

import { stat } from "node:fs/promises";
import { authorityProblem, certificateProblem, revocationProblem } from "../front/services/certificates.ts";
import { Confidential } from "../ir/confidential.ts";
import type { AuthorityContent, CertificateContent, Config, Secret } from "../ir/ir.ts";
import { SYSTEM_ROOTS } from "../ir/system-roots.ts";
import { EnvironmentError } from "../platform/error.ts";
import { readAtMost } from "../source/bounded.ts";

/** Between two looks. What has changed is taken once it is as it was at the look before: its writer is done. */
const LOOK_EVERY_MS = 400;
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

/** The system's authorities come with Envoy's image, and may be elsewhere or nowhere on this machine. */
function isFollowed({ content, inFiles }: Secret): boolean {
  return inFiles && !(content.kind === "authority" && content.trusted === SYSTEM_ROOTS);
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

export interface SecretFileWatch {
  stop(): void;
}

/** Looks at the files of whatever configuration is served. By looks and not by watches: a link may be swapped anywhere above them. */
export function watchSecretFiles(config: () => Config, onChange: () => void): SecretFileWatch {
  let timer: NodeJS.Timeout;
  let stopped = false;
  /** Of each file, what it was when it was taken last, and at the last look. One that is new here may have changed since it was read. */
  let taken = new Map<string, string>();
  let seen = new Map<string, string>();
  const look = async () => {
    const now = new Map<string, string>();
    for (const file of new Set(filesOf(config()))) {
      now.set(file, await identityOf(file));
    }
    const changed = [...now].filter(([file, identity]) => taken.get(file) !== identity);
    const isAtRest = changed.every(([file, identity]) => seen.get(file) === identity);
    seen = now;
    if (stopped) {
      return;
    }
    if (changed.length > 0 && isAtRest) {
      taken = now;
      onChange();
    }
    schedule();
  };
  const schedule = () => {
    timer = setTimeout(look, LOOK_EVERY_MS);
    timer.unref();
  };
  void look();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function identityOf(file: string): Promise<string> {
  const stats = await stat(file, { bigint: true }).catch(() => undefined);
  return stats === undefined
    ? ""
    : `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
}
