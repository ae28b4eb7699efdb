/** What counts as signed by a key; test/protocol/tokens.test.ts holds whole tokens against an Envoy. */

import { createHmac, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from "node:crypto";
import { expect, test } from "vitest";
import { type Key, verifySignature } from "./signature.ts";

const TEXT = "header.payload";
const SECRET = Buffer.from("a secret of an issuer");

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const otherRsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const elliptic = generateKeyPairSync("ec", { namedCurve: "P-256" });
const edwards = generateKeyPairSync("ed25519");

function jwk({ publicKey }: { publicKey: KeyObject }, more: Key = {}): Key {
  return { ...(publicKey.export({ format: "jwk" }) as JsonWebKey & Key), ...more };
}

const RSA = jwk(rsa, { kid: "rsa" });
const OTHER_RSA = jwk(otherRsa, { kid: "other" });
const EC = jwk(elliptic, { kid: "ec" });
const ED = jwk(edwards, { kid: "ed" });
const OCT: Key = { kty: "oct", kid: "oct", k: SECRET.toString("base64url") };

const bySha256 = ({ privateKey }: { privateKey: KeyObject }) =>
  sign("sha256", Buffer.from(TEXT), { key: privateKey, dsaEncoding: "ieee-p1363" });
const hmac = (secret: string | Buffer) => createHmac("sha256", secret).update(TEXT).digest();

function verdict(alg: string, kid: string, signature: Buffer, keys: readonly Key[]): string {
  return verifySignature({ alg, kid, text: TEXT, signature }, keys);
}

test("a key is found by its name, and tried with all others if a token names none", () => {
  const keys = [OTHER_RSA, EC, RSA];
  expect(verdict("RS256", "rsa", bySha256(rsa), keys)).toBe("verified");
  expect(verdict("RS256", "", bySha256(rsa), keys)).toBe("verified");
  expect(verdict("ES256", "", bySha256(elliptic), keys)).toBe("verified");
  expect(verdict("RS256", "other", bySha256(rsa), keys)).toBe("forged");
  expect(verdict("RS256", "unknown", bySha256(rsa), keys)).toBe("noKey");
});

test("a key without a name may have signed any token", () => {
  const { kid: _kid, ...unnamed } = RSA;
  expect(verdict("RS256", "rsa", bySha256(rsa), [unnamed])).toBe("verified");
});

test("a key that says its algorithm is for no other", () => {
  expect(verdict("RS256", "rsa", bySha256(rsa), [{ ...RSA, alg: "RS512" }])).toBe("noKey");
  expect(verdict("RS512", "rsa", bySha256(rsa), [RSA])).toBe("forged");
});

test("two keys of one name: either may have signed", () => {
  const keys = [{ ...OTHER_RSA, kid: "rsa" }, RSA];
  expect(verdict("RS256", "rsa", bySha256(rsa), keys)).toBe("verified");
  expect(verdict("RS256", "rsa", bySha256(otherRsa), keys)).toBe("verified");
});

test("a public key is no secret, whichever of its texts is taken for one", () => {
  const texts = [
    rsa.publicKey.export({ type: "spki", format: "pem" }).toString(),
    rsa.publicKey.export({ type: "pkcs1", format: "pem" }).toString(),
    rsa.publicKey.export({ type: "spki", format: "der" }),
    JSON.stringify(RSA),
    String(RSA.n),
    Buffer.from(String(RSA.n), "base64url"),
  ];
  for (const text of texts) {
    expect(verdict("HS256", "rsa", hmac(text), [RSA])).toBe("forged");
    expect(verdict("HS256", "", hmac(text), [RSA, EC, OCT])).toBe("forged");
  }
});

test("a secret verifies what it signs, and nothing under the name of another algorithm", () => {
  expect(verdict("HS256", "oct", hmac(SECRET), [OCT])).toBe("verified");
  expect(verdict("HS384", "oct", hmac(SECRET), [OCT])).toBe("forged");
  expect(verdict("HS256", "oct", hmac("another secret"), [OCT])).toBe("forged");
});

test("Ed25519, whose signatures have one length", () => {
  const signature = sign(null, Buffer.from(TEXT), edwards.privateKey);
  expect(verdict("EdDSA", "ed", signature, [ED])).toBe("verified");
  expect(verdict("EdDSA", "ed", Buffer.alloc(64), [ED])).toBe("forged");
  expect(verdict("EdDSA", "ed", signature.subarray(1), [ED])).toBe("wrongLength");
});

test.each(["RS256", "PS256", "ES256", "ES384", "HS256", "EdDSA", "none", ""])(
  "no key takes an empty signature, nor one of zeros, for %s",
  (alg) => {
    for (const key of [RSA, EC, ED, OCT]) {
      for (const length of [0, 32, 64, 256, 1000]) {
        expect(verdict(alg, "", Buffer.alloc(length), [key])).not.toBe("verified");
      }
    }
  },
);

test("keys that make no sense count as not there", () => {
  const broken: Key[] = [{ kty: "RSA" }, { kty: "EC", crv: "P-0" }, { kty: "what" }, { kty: "oct" }];
  expect(verdict("RS256", "rsa", bySha256(rsa), broken)).toBe("noKeys");
  expect(verdict("RS256", "rsa", bySha256(rsa), [])).toBe("noKeys");
  expect(verdict("RS256", "rsa", bySha256(rsa), [...broken, RSA])).toBe("verified");
});
