/** What can be said of a certificate before anybody is shown it. */

import { createPrivateKey, X509Certificate } from "node:crypto";

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Why a certificate chain and its key are of no use together; undefined when they are. Never quotes either. */
export function certificateProblem(chain: string, key: string): string | undefined {
  const certificates = read(chain);
  const [leaf] = certificates ?? [];
  if (leaf === undefined) {
    return "the certificate is not valid PEM";
  }
  let parsed: ReturnType<typeof createPrivateKey>;
  try {
    parsed = createPrivateKey(key);
  } catch {
    return "the key is not valid PEM, or is encrypted";
  }
  return leaf.checkPrivateKey(parsed) ? weakness(leaf) : "the key does not belong to the certificate";
}

const LEAST_RSA_BITS = 2048;
/** P-256, P-384 and P-521, as OpenSSL calls them. */
const CURVES = new Set(["prime256v1", "secp384r1", "secp521r1"]);

/** Envoy takes keys of any kind, but not small ones of RSA, nor the curves that TLS 1.3 has left out. */
function weakness({ publicKey }: X509Certificate): string | undefined {
  const { modulusLength = 0, namedCurve = "" } = publicKey.asymmetricKeyDetails ?? {};
  if (publicKey.asymmetricKeyType === "rsa" && modulusLength < LEAST_RSA_BITS) {
    return `the RSA key has ${modulusLength} bits, but needs at least ${LEAST_RSA_BITS}`;
  }
  if (publicKey.asymmetricKeyType === "ec" && !CURVES.has(namedCurve)) {
    return `the key uses the curve ${namedCurve}; use P-256, P-384 or P-521`;
  }
  return undefined;
}

/** Why nobody can be trusted because of it; undefined when somebody can. */
export function authorityProblem(trusted: string): string | undefined {
  return read(trusted)?.length ? undefined : "the certificate of the authority is not valid PEM";
}

/** Why nothing can be told from a list of revoked certificates; undefined when it looks like one. */
export function revocationProblem(list: string): string | undefined {
  return /-----BEGIN X509 CRL-----[\s\S]+?-----END X509 CRL-----/.test(list)
    ? undefined
    : "the list of revoked certificates is not valid PEM";
}

/** A certificate of the chain whose time is over or has not begun, and when that is; undefined when there is none. */
export function outdated(chain: string, now: Date): string | undefined {
  for (const { subject, validFrom, validTo } of read(chain) ?? []) {
    const whose = subject ? ` of "${subject.replaceAll("\n", ", ")}"` : "";
    const [begins, ends] = [new Date(validFrom), new Date(validTo)];
    if (ends < now) {
      return `the certificate${whose} expired on ${day(ends)}`;
    }
    if (begins > now) {
      return `the certificate${whose} is not valid before ${day(begins)}`;
    }
  }
  return undefined;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function read(pem: string): X509Certificate[] | undefined {
  try {
    return (pem.match(BLOCK) ?? []).map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}
