/**
 * Tokens for tests, signed by keys that are for nothing else: whoever reads this can sign what they like, and nobody believes it.
 * A text may have `$JWKS` in it, the public keys, and `$JWT{…}`, a token with these claims beside an issuer and a date that is far
 * away; `$JWT:forged{…}` is signed by a key that is not among them, `$JWT:none{…}` is not signed at all, `$JWT:es{…}` and
 * `$JWT:ed{…}` are signed by the elliptic ones.
 */

import { createHmac, createPrivateKey, createPublicKey, type JsonWebKey, sign } from "node:crypto";

const RSA: JsonWebKey = {
  kty: "RSA",
  n: "vwX6E0SQ7N__iBsj6mbajJ0-0MzohowPDQxYWlTIarrXSZIbsi2HpWxzY_ycWwNOsEYK5hPyAJtdM5vK-ASa_H9rzsPw-MXKA6Y02NaPJVYi-48AmCyRivpfKam1GZHc22eSrHSX3Avb087XRqkZpTm1UPNXpLKEWbnAR0ctbTsIbSakBbQ8g2JB24olnFSm_azVA3IQeJW7aMRo4HAX1BOhYLmClbuXuNV-nKqAWJ1Ih2Z0GM7CHKWfe2tlQ11I9REKNXOJSHvUCmlkWmfmMfKp-40-CsdRp6ywyj_zNbqjwUodNqKQBz_NRm-accJ7P3ZjSDx8VMW-vENffULAHw",
  e: "AQAB",
  d: "CB3LfvWv24PpyjFIOMjYymOE0r-SHBcBYLWNX339hTad64m77lMruBlzW0rVcRlWRskcsQmLg8xJWbMDg1kQWMaO0-c7BICRUWktEtvy-X9Y1yvZUGq8Xsi9y5OWMH-95mVwZvsOCyx50UMXN72U0fj-VwuWRfCYpqAgDY2pqw7_ONXCXL5hDa27RtljYegNsLF2XtZ-VLd48zFLvac4-klIozxfEPWeEqpra3x2aB5GJUB2fL_t2qWgGNSe_7clVPi6HnSbRPGLygG7t41PzDn8zeKgEpkO_t6NepmVUeqOFc-qhn2-mQxukKnNpRYtHuQYwVEJoxaHuxioCqBPAQ",
  p: "7Z84GviIJK86pI52_8e308V3pYnNBOKLOs0lzQQRZIdJm0xYUIDlWbyE2cCKHKxFiIB3ef7RAcIETBA-XH69ODzFLxg-7-KXG59JeXEUHE95ywSFTr-zXKsGRvaMduCdx41pkFI8vD63DW-f-GcgTP7WZ4oABan6T0TBrrqb-4E",
  q: "zcwhsBPHS_M62efniAHuz_OcXdZrOLTbaFTOwG_aqWEjQxg0C-qrDGgzU9Z0rzn80kFZBPxCGEzst5EPcnYjDH-fZbvtcvSqdWvP57RMCLMlUX1q7vEZXQIGFbra0o6_o4Tk4ImwZWhi-0ZnWeuKF96VrrgrUBkxOSZPvTgTC58",
  dp: "JH86DNpzfr7zUOcY2_x-_aXs1J4vwTpSjDuKPM0NJtWotpOpVOQXVgsglJmAHRtQqsCgmTpMO-ri4hP0oBxPT931o2Aj-pBhCTsT-_UkU5zZZhdRqmDDWc5i7m9b775cPZQ4zJP1BCzVzNiCR5L_YRQbNlf53OTYr2guH3pGDwE",
  dq: "Ha5PPYHcwIt39W2I6wi8VKmh57bBCBCthEKW_xIiy0MDPu4Cs6VIviVZIcJQWeVXHUvndtya-748dc0qGSwIqgjOCHIuMOIwo3bFKXnLbYXI4BPilEuZiNx93Cxy2uNTqFXGXMv-8OE5RVxGE6Xw6Lhlhilxtb-sZb2synGH7ak",
  qi: "dObywFLqmBPU663gtoHqGKBCJQgrQtuq0iV5pwqFNN5Pk0AwNBiecXo46p8qHvUwIjDfsCBjKixNa1SkA98luXiI4fvkm-LUuvHn4pBBRQrxAHpvUZtPHJU3N3N-63Tk8E30NyConUw4J4NcjYkLlS_5k6fMZbOCAtFVYYlv_wU",
};

const ELLIPTIC: JsonWebKey = {
  kty: "EC",
  x: "cd_ueeNs92M93fjuY0pjyWJVn1s9WPrvF3JzsKd09XI",
  y: "28bSb21H-POdX1iDWaRDMVpDAriAZioGah2pOTDOkYc",
  crv: "P-256",
  d: "-FviaMv1B5R54c_4jdlkE7bcS-jIf8uZY08yjdaPU8E",
};

const EDWARDS: JsonWebKey = {
  kty: "OKP",
  crv: "Ed25519",
  x: "CJksNLJvpPByAM0pH6kWdqHZgy4bn3ViQuUUKNWR_rc",
  d: "nz8vXCzclVvyhBOwcqBzd5REmmopnXQ3rGrhqrDXbjQ",
};

const FORGER: JsonWebKey = {
  kty: "RSA",
  n: "4HffQtrzP8UOnVzjY8fgRxIpqq2hoD-X1SLJ3rtzi6j-Fq1ohiEwOycfZ3NkMoR0f4r99bzLk0IUcH-p7LTqEYBir20wtR88xwC0KbgoZSsg5ymAmbGYzCylJxbZOvILGQNGAoPZhbz5Ze4qHEgIw1KObDdnGT2rdN4qagCBPBvQujvdT7Ith5kWnj4RK8ZouSkB1CzGFko6XE60vU9mblgk4VFzEMxiOaEBmrKXzL6QpCNz0zAdoctrKdCZD5O8Zq54dMdHK3MsbCVArvl5wv7pl_ZXowMDy9vw6AyeScPqvHP93vMVD5yV8zNAHjgRLIwANUTT0l2NmZF_M7jppw",
  e: "AQAB",
  d: "BV7Y2KCkcUIlt14hkqGVnB2zIYJF-6-J0m-ipNGXUiAY9DHx7kOdA81L0w3Pt-WzY9nPebGqrTtHgemMBz3M295Wfhv-rlaw_ZHmvZjKXqFJiD5V9VdqcHgg-25whBiGa3LImgbNjYWX8fhgyYxvqTywa6ZnsRLop0MpgJ_Cd82nEhl_JaFQyDCkOGD4ouWdt7oY2Ll4gWwx6UtXOXWh-7StR_B9dp8MLDnCTNq3WtC3tXXkWY2frR0MzuzpErb9XypTDdsySd-b_GLoflnWChefa7bRDwcvkVmgBJIwjPOt1NJjO86HkWLhILTrAQH4IIrC7wVgqvERSZhYhmgZAQ",
  p: "_8fZvz0-d_b4ld26PEoDrlk6qPamPwHERvArs6Py23nL8YuwBxZaKQJP60tbML4kTd6eLuUXMGLECSadiTD3NyFAaGLDpw03aQxcvvYbCED9ZOCWHWeDnIA7rBQVa7lG-FGvdP051_7Jmo659wun2OgnkvdnRN0x2jVe9r4puFU",
  q: "4Kkl1RJgYGvSuL-q2XmOYf4AigmOKd-Cy1ev-xdDKhVrYuhHuS9CvzZZKiDO4O3wDYSbLYKsUV7pBz2xwZA72nhrFpJMvqMl6Jlu5Mgpe1DBRXpGocSZwVSS-_rJ9AK8fhcj32Fvi3JiPrmw18dNbBof8N53u1BQ40iAjeMsBgs",
  dp: "mx5Xdrwso1Ja5YBnjmKQou6oPYn_vlxS7XZ_-lzmTqYpwd4mLdYnbZFiaF71-bSGjdcBdY0nqAdtveL2TRouAvgeeG_VGf1Q6ls97-2O7U2EnuX5A_IgBgxao_w2FXNyj-vyDW_44X46Q4plS2Z9L3VzcpSpw0CmGCCf6-HdqVU",
  dq: "f_CT9PWUIRUGWeP9HgBVj4ShNfsfFMWOrNJxC6NBwpOUJi11uwYpEs-Wk6E_b2TRUkF0RcSm8WgFePQvaLYE__OXuLD0N5SdoArQ1kUPKoTgq_pogvN9RFYvpoQ5wlZUldIDwdCxP06SmHoTNa7wbmGqUve-Y9PnXKgLXcJDbeU",
  qi: "JSTnvFaUv8c4x2_cakF10LPanJUVlwkUg-KsctPhufXVg79HlutU02V2E9lW_FfQIkm_j3uy_tguEO0PxDehGGqlrSkvdl4fl6_vw39IcaQJC7kx0Ty9pX3F3hPAWu6MtbcmTMRGaozbNttTmwnRMczJXr-6VpaX0zNtU6GpFTg",
};

/** Who issues all of them, unless a claim says it. */
export const ISSUER = "https://id.example.com";
/** In the year 2286. */
const FAR = 9_999_999_999;

type KeyName = "rs" | "es" | "ed" | "forged";
type Signing = KeyName | "none";

const PRIVATE_KEYS: Readonly<Record<KeyName, JsonWebKey>> = {
  rs: RSA,
  es: ELLIPTIC,
  ed: EDWARDS,
  forged: FORGER,
};

/** The public keys, as an issuer serves them. */
export const JWKS = JSON.stringify({
  keys: [
    { kty: "RSA", kid: "rs", alg: "RS256", use: "sig", n: RSA.n, e: RSA.e },
    { kty: "EC", kid: "es", alg: "ES256", use: "sig", crv: "P-256", x: ELLIPTIC.x, y: ELLIPTIC.y },
    { kty: "OKP", kid: "ed", alg: "EdDSA", use: "sig", crv: "Ed25519", x: EDWARDS.x },
  ],
});

/** What everybody knows, and a forger may take for the secret of an HMAC. */
export const PUBLIC_PEM = createPublicKey({ key: RSA, format: "jwk" })
  .export({ type: "spki", format: "pem" })
  .toString();

const HEADERS: Readonly<Record<Signing, object>> = {
  rs: { alg: "RS256", kid: "rs", typ: "JWT" },
  es: { alg: "ES256", kid: "es", typ: "JWT" },
  ed: { alg: "EdDSA", kid: "ed", typ: "JWT" },
  forged: { alg: "RS256", kid: "rs", typ: "JWT" },
  none: { alg: "none", typ: "JWT" },
};

export function token(claims: object, signing: Signing = "rs"): string {
  return tokenWith(HEADERS[signing], { iss: ISSUER, sub: "ada", exp: FAR, ...claims }, signing);
}

/** A token with this header and this payload, whatever they are; a secret signs as HS256 does. */
export function tokenWith(
  header: unknown,
  payload: unknown,
  signing: Signing | { readonly secret: string },
): string {
  const text = `${base64(header)}.${base64(payload)}`;
  return `${text}.${signature(Buffer.from(text), signing).toString("base64url")}`;
}

function signature(text: Buffer, signing: Signing | { readonly secret: string }): Buffer {
  if (typeof signing === "object") {
    return createHmac("sha256", signing.secret).update(text).digest();
  }
  if (signing === "none") {
    return Buffer.alloc(0);
  }
  const key = createPrivateKey({ key: PRIVATE_KEYS[signing], format: "jwk" });
  return sign(signing === "ed" ? null : "sha256", text, { key, dsaEncoding: "ieee-p1363" });
}

function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

const SIGNED = /\$JWT(?::(es|ed|forged|none))?(?=\{)/g;

/** A text with tokens and keys in place of what stands for them. */
export function withTokens(text: string): string {
  let result = "";
  let from = 0;
  for (const match of text.matchAll(SIGNED)) {
    const start = match.index + match[0].length;
    const end = endOfJson(text, start);
    result += text.slice(from, match.index);
    result += token(JSON.parse(text.slice(start, end)), (match[1] as Signing | undefined) ?? "rs");
    from = end;
  }
  return `${result}${text.slice(from)}`.replaceAll("$JWKS", JWKS);
}

/** Behind the brace that closes the one at `start`. Braces in texts come in pairs. */
function endOfJson(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    depth += text[at] === "{" ? 1 : text[at] === "}" ? -1 : 0;
    if (depth === 0) {
      return at + 1;
    }
  }
  throw new Error(`the claims of a token do not end: ${text.slice(start)}`);
}
