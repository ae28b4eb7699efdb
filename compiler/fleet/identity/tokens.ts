/** Bearer tokens, of which only digests are kept: nothing that is kept or printed lets anybody in. */

import { createHash, timingSafeEqual } from "node:crypto";

/** Characters; a shorter one could be guessed. */
export const SHORTEST_TOKEN = 16;

/** A token as RFC 6750 has it: visible ASCII. */
const TOKEN = /^[\x21-\x7e]+$/;

export function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

/** Whether a token has one of these digests. Takes the same time whichever it is. */
export function hasDigest(digests: readonly Uint8Array[], token: string): boolean {
  const digest = digestOf(token);
  let found = false;
  for (const one of digests) {
    found = timingSafeEqual(one, digest) || found;
  }
  return found;
}

/**
 * The digests of the tokens in a file: one a line, so that a new one can be given out before the old one goes. Empty lines and
 * comments (`#`) are skipped. Throws a `TokenFileError` that quotes no token.
 */
export function readTokens(text: string): Buffer[] {
  const digests: Buffer[] = [];
  for (const [index, written] of text.split("\n").entries()) {
    const token = written.trim();
    if (token === "" || token.startsWith("#")) {
      continue;
    }
    if (!TOKEN.test(token)) {
      throw new TokenFileError(`line ${index + 1} has characters that a token cannot have`);
    }
    if (token.length < SHORTEST_TOKEN) {
      throw new TokenFileError(
        `line ${index + 1} has a token of ${token.length} characters; use at least ${SHORTEST_TOKEN}, such as from: openssl rand -hex 32`,
      );
    }
    digests.push(digestOf(token));
  }
  if (digests.length === 0) {
    throw new TokenFileError("it has no token");
  }
  return digests;
}

/** The token that somebody sends: the first in a file of the same form. */
export function firstToken(text: string): string | undefined {
  return text
    .split("\n")
    .map((line) => line.trim())
    .find((line) => line !== "" && !line.startsWith("#"));
}

export class TokenFileError extends Error {}

const BEARER = /^Bearer +([\x21-\x7e]+) *$/i;

/** The token of an `authorization` header (RFC 6750, 2.1). */
export function bearerToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
}
