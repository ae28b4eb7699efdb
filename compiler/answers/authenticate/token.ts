/** A JSON Web Token (RFC 7519) as a text, and what Envoy reads in it. Nothing here is believed: that is for whoever verifies it. */

import { type Claims, parseClaims } from "../request/claims.ts";
import { ALGORITHMS } from "./signature.ts";
import { REFUSALS } from "./token-status.ts";

export interface Token {
  readonly alg: string;
  readonly kid: string;
  readonly claims: Claims;
  /** The payload as it stands in the token. */
  readonly payload: string;
  /** What is signed. */
  readonly text: string;
  readonly signature: Buffer;
  readonly issuer: string;
  readonly audiences: readonly string[];
}

/** A text that is no token: Envoy's words for why. */
export function parseToken(text: string): Token | string {
  const parts = text.split(".").filter((part) => part !== "");
  const [header = "", payload = "", end = ""] = parts;
  if (parts.length !== 3) {
    return REFUSALS.badFormat;
  }
  const headerText = decoded(header);
  if (headerText === undefined) {
    return REFUSALS.headerBase64;
  }
  const head = parseUtf8(headerText);
  if (head === undefined) {
    return REFUSALS.headerJson;
  }
  const { alg, kid = "" } = head;
  if (typeof alg !== "string") {
    return REFUSALS.alg;
  }
  if (!ALGORITHMS.has(alg)) {
    return REFUSALS.unknownAlg;
  }
  if (typeof kid !== "string") {
    return REFUSALS.kid;
  }
  const payloadText = decoded(payload);
  if (payloadText === undefined) {
    return REFUSALS.payloadBase64;
  }
  const claims = parseUtf8(payloadText);
  if (claims === undefined) {
    return REFUSALS.payloadJson;
  }
  const wrong = wrongClaim(claims);
  if (wrong !== undefined) {
    return wrong;
  }
  const signature = decoded(end);
  if (signature === undefined) {
    return REFUSALS.signatureBase64;
  }
  const { iss = "", aud = [] } = claims;
  return {
    alg,
    kid,
    claims,
    payload,
    text: `${header}.${payload}`,
    signature,
    issuer: iss as string,
    audiences: [aud].flat() as string[],
  };
}

function wrongClaim(claims: Claims): string | undefined {
  for (const name of ["iss", "sub"] as const) {
    if (claims[name] !== undefined && typeof claims[name] !== "string") {
      return REFUSALS[name];
    }
  }
  for (const name of ["iat", "nbf", "exp"] as const) {
    if (claims[name] !== undefined && !Number.isInteger(claims[name])) {
      return REFUSALS[name];
    }
  }
  if (claims.jti !== undefined && typeof claims.jti !== "string") {
    return REFUSALS.jti;
  }
  const { aud } = claims;
  const isList = Array.isArray(aud) && aud.every((one) => typeof one === "string");
  return aud === undefined || typeof aud === "string" || isList ? undefined : REFUSALS.aud;
}

/** Base64 as URLs have it (RFC 4648, section 5), with or without its padding. */
function decoded(text: string): Buffer | undefined {
  const bare = text.replace(/={1,2}$/, "");
  return /^[\w-]*$/.test(bare) && bare.length % 4 !== 1 ? Buffer.from(bare, "base64url") : undefined;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

function parseUtf8(bytes: Buffer): Claims | undefined {
  try {
    return parseClaims(UTF8.decode(bytes));
  } catch {
    return undefined;
  }
}
