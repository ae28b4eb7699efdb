/** Keys and authorities that Envoy reads from files, and what of them a Pod can mount by itself. */

import path from "node:path";
import type { Config } from "../ir/ir.ts";
import { SYSTEM_ROOTS } from "../ir/system-roots.ts";

/** A Secret of Kubernetes, and the folder that Envoy expects it in. */
export interface Credential {
  readonly secretName: string;
  readonly folder: string;
}

/** Those of `--secrets-directory`, each once. */
export function credentialsOf(config: Config, secretsDirectory: string): Credential[] {
  const folders = new Set(
    filesOf(config)
      .filter((file) => isCredential(file, secretsDirectory))
      .map((file) => path.dirname(file)),
  );
  return [...folders].sort().map((folder) => ({ secretName: path.basename(folder), folder }));
}

/** Files from elsewhere, which rules name themselves: nobody but their author knows what to mount there. Images have the system's. */
export function foreignFilesOf(config: Config, secretsDirectory: string): string[] {
  const foreign = filesOf(config).filter(
    (file) => file !== SYSTEM_ROOTS && !isCredential(file, secretsDirectory),
  );
  return [...new Set(foreign)].sort();
}

function isCredential(file: string, secretsDirectory: string): boolean {
  return secretsDirectory !== "" && path.dirname(path.dirname(file)) === secretsDirectory;
}

function filesOf({ secrets = [] }: Config): string[] {
  return secrets
    .filter(({ inFiles }) => inFiles)
    .flatMap(({ content }) =>
      content.kind === "certificate"
        ? [content.chain, content.key.reveal()]
        : [content.trusted, ...(content.revoked === undefined ? [] : [content.revoked])],
    );
}
