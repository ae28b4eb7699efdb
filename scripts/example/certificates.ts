/** Certificates of an example, made when it starts and gone when it ends: no key is ever in the repository. */

import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { Authority } from "../../test/harness/authority.ts";

export interface Certificates {
  /** Where it is for a `curl --cacert`. */
  readonly authorityFile: string;
  /** The same in PEM. */
  readonly authority: string;
  /** For a service that speaks HTTPS. */
  issue(name: string): Promise<{ readonly cert: string; readonly key: string }>;
}

/**
 * Writes `certificates/authority.pem` below `folder`, and in `secrets` what Kubernetes would mount for each `credentialName`.
 */
export async function makeCertificates(
  folder: string,
  secrets: Readonly<Record<string, string>>,
): Promise<Certificates> {
  const authority = await Authority.create("An authority for an example");
  const authorityFile = path.join(folder, "certificates", "authority.pem");
  await mkdir(path.dirname(authorityFile));
  await writeFile(authorityFile, authority.certificate);
  const issue = async (name: string) => {
    const { certificate, key } = await authority.issue({ names: [name] });
    return { cert: certificate, key };
  };
  for (const [secret, name] of Object.entries(secrets)) {
    const mounted = path.join(folder, "secrets", secret);
    const { cert, key } = await issue(name);
    await mkdir(mounted, { recursive: true, mode: 0o700 });
    await writeFile(path.join(mounted, "tls.crt"), cert);
    await writeFile(path.join(mounted, "tls.key"), key, { mode: 0o600 });
  }
  return { authorityFile, authority: authority.certificate, issue };
}
