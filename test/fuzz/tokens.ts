/** Tokens that are broken, mixed up or forged, and seldom good, as they go on a line of a header: made by somebody who knows the public keys. */

import { ISSUER, PUBLIC_PEM, tokenWith } from "../harness/tokens.ts";
import type { Dice } from "./dice.ts";
import { mutatedValue } from "./mutate.ts";

export interface HostileToken {
  readonly text: string;
  /** The only claims that may be believed: a key of the issuer has signed them. Absent: none may. */
  readonly signed?: unknown;
}

const HEADERS = [
  { alg: "RS256", kid: "rs" },
  { alg: "RS256" },
  { alg: "RS256", kid: "es" },
  { alg: "RS256", kid: "nobody" },
  { alg: "RS384", kid: "rs" },
  { alg: "PS256", kid: "rs" },
  { alg: "ES256", kid: "es" },
  { alg: "ES256", kid: "rs" },
  { alg: "EdDSA", kid: "ed" },
  { alg: "HS256", kid: "rs" },
  { alg: "HS256" },
  { alg: "none" },
  { alg: "rs256", kid: "rs" },
  { alg: "RS256", kid: "rs", crit: ["exp"], exp: 1 },
  { alg: "RS256", kid: "rs", b64: false, crit: ["b64"] },
  { alg: "RS256", kid: "rs", jku: "https://forger.example/keys", jwk: { kty: "oct", k: "AA" } },
];
/** In a token, around it, and where it should not be. */
const SNIPPETS = [
  ".",
  "..",
  "=",
  "==",
  "-",
  "_",
  "+",
  "/",
  "%2e",
  "%",
  " ",
  ",",
  ";",
  "&",
  "é",
  "Bearer ",
  "e30",
  '"',
];

const PAYLOAD = {
  iss: ISSUER,
  sub: "ada",
  exp: 9_999_999_999,
  aud: ["shop"],
  groups: ["admin"],
  nested: { level: 3 },
};

const FORGED = { ...PAYLOAD, groups: ["root"] };
const ALG = { rs: "RS256", es: "ES256", ed: "EdDSA" } as const;

const TOKENS = [
  ...(["rs", "es", "ed"] as const).map((key) => tokenWith({ alg: ALG[key], kid: key }, PAYLOAD, key)),
  tokenWith({ alg: "RS256", kid: "rs" }, FORGED, "forged"),
  tokenWith({ alg: "none" }, FORGED, "none"),
];

export function hostileToken(dice: Dice): HostileToken {
  const kind = dice.next();
  if (kind < 0.3) {
    return { text: harmed(dice.pick(TOKENS), dice), signed: PAYLOAD };
  }
  if (kind < 0.45) {
    const parts = TOKENS.map((one) => one.split("."));
    return { text: [0, 1, 2].map((at) => dice.pick(parts)[at]!).join("."), signed: PAYLOAD };
  }
  if (kind < 0.7) {
    const key = dice.pick(["forged", "none", { secret: PUBLIC_PEM }, { secret: "" }] as const);
    return { text: tokenWith(harmedValue(dice.pick(HEADERS), dice), FORGED, key) };
  }
  const payload = harmedValue(PAYLOAD, dice);
  const text = tokenWith(dice.pick(HEADERS), payload, dice.pick(["rs", "es", "ed"] as const));
  return { text, signed: payload };
}

function harmedValue(value: object, dice: Dice): unknown {
  return dice.chance(0.3) ? value : mutatedValue(value, dice);
}

/** Cut, or with some characters too many, too few or in the wrong place. */
function harmed(text: string, dice: Dice): string {
  let result = text;
  for (let i = dice.below(3); i >= 0; i--) {
    const at = dice.below(result.length + 1);
    const length = dice.below(8);
    const kind = dice.next();
    if (kind < 0.25) {
      result = result.slice(0, at);
    } else if (kind < 0.5) {
      result = result.slice(0, at) + dice.pick(SNIPPETS) + result.slice(at);
    } else if (kind < 0.75) {
      result = result.slice(0, at) + result.slice(at + length);
    } else {
      result = result.slice(0, at) + result.slice(at, at + length).repeat(2) + result.slice(at + length);
    }
  }
  return result;
}
