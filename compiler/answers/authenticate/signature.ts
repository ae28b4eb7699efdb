/** Whether one of some keys has signed a text: the algorithms of RFC 7518 and RFC 8037 that Envoy knows. */

import {
  constants,
  createHmac,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  timingSafeEqual,
  verify,
} from "node:crypto";

/** What Envoy makes of `alg`; others are refused before any key is asked. */
export const ALGORITHMS: ReadonlySet<string> = new Set([
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "HS256", "HS384", "HS512", "EdDSA"],
]);

const CURVES: Readonly<Record<string, string>> = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };
/** Of a signature. */
const ED25519_BYTES = 64;

export interface Signed {
  readonly alg: string;
  readonly kid: string;
  readonly text: string;
  readonly signature: Buffer;
}

export type Verdict = "verified" | "forged" | "wrongLength" | "noKey" | "noKeys";

/** A key of a JSON Web Key Set; which of its fields there are depends on its type. */
export type Key = Readonly<Record<string, unknown>>;

/** `keys`: of a JSON Web Key Set. Those that make no sense count as not there, as for Envoy. */
export function verifySignature(signed: Signed, keys: readonly Key[]): Verdict {
  const usable = keys.flatMap((key) => {
    const object = keyObject(key);
    return object === undefined ? [] : [{ key, object }];
  });
  if (usable.length === 0) {
    return "noKeys";
  }
  const asked = usable.filter(({ key }) => isMeant(key, signed));
  if (asked.length === 0) {
    return "noKey";
  }
  for (const { key, object } of asked) {
    if (isSignedBy(signed, key, object)) {
      return "verified";
    }
    // Envoy asks no further keys then.
    if (key.kty === "OKP" && signed.signature.length !== ED25519_BYTES) {
      return "wrongLength";
    }
  }
  return "forged";
}

/** A key without a name, or a token without one, may be any. */
function isMeant({ kid, alg }: Key, signed: Signed): boolean {
  return (!kid || signed.kid === "" || kid === signed.kid) && (!alg || alg === signed.alg);
}

function keyObject(key: Key): KeyObject | Buffer | undefined {
  if (key.kty === "oct") {
    return typeof key.k === "string" ? Buffer.from(key.k, "base64url") : undefined;
  }
  try {
    return createPublicKey({ key: key as JsonWebKey, format: "jwk" });
  } catch {
    return undefined;
  }
}

function isSignedBy({ alg, text, signature }: Signed, { kty, crv }: Key, key: KeyObject | Buffer): boolean {
  const data = Buffer.from(text);
  const hash = `sha${alg.slice(2)}`;
  if (Buffer.isBuffer(key)) {
    if (!alg.startsWith("HS")) {
      return false;
    }
    const wanted = createHmac(hash, key).update(data).digest();
    return wanted.length === signature.length && timingSafeEqual(wanted, signature);
  }
  switch (kty) {
    case "RSA":
      return alg.startsWith("RS")
        ? verify(hash, data, key, signature)
        : alg.startsWith("PS") &&
            verify(
              hash,
              data,
              { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
              signature,
            );
    case "EC":
      return CURVES[alg] === crv && verify(hash, data, { key, dsaEncoding: "ieee-p1363" }, signature);
    default:
      return kty === "OKP" && alg === "EdDSA" && verify(null, data, key, signature);
  }
}
