/** Tokens as a stranger sends them, wherever one may be: refused in Envoy's words, and never believed unless a key of the issuer has signed them. */

import { isDeepStrictEqual } from "node:util";
import { authenticate } from "../../../compiler/answers/authenticate/authenticate.ts";
import type { TokenHolder } from "../../../compiler/answers/authenticate/locations.ts";
import type { HeaderLine, HostRequest } from "../../../compiler/answers/request/wire.ts";
import type { Authentication } from "../../../compiler/ir/authentication.ts";
import { ISSUER, JWKS } from "../../harness/tokens.ts";
import type { Dice } from "../dice.ts";
import type { Subject } from "../subject.ts";
import { hostileToken } from "../tokens.ts";

const ANYWHERE: Authentication = {
  providers: [
    {
      issuer: ISSUER,
      audiences: [],
      keys: { kind: "inline", jwks: JWKS },
      headers: [{ name: "authorization", prefix: "Bearer " }],
      parameters: ["t"],
      cookies: ["session"],
      forwards: false,
      payloadHeader: "x-payload",
      claimHeaders: [{ name: "x-sub", claim: "sub" }],
      spaceDelimitedClaims: ["scope"],
    },
  ],
};
/** A day on which all good tokens are valid. */
const NOW = 2_000_000_000;
const FORGED = "forged by the client";

export const token: Subject = {
  name: "token",
  share: 8,
  prepare() {
    return (dice) => {
      const hostile = hostileToken(dice);
      const request = requestWith(hostile.text, dice);
      return {
        input: { "request.json": JSON.stringify(request) },
        run() {
          const answer = authenticate(request, ANYWHERE, NOW);
          if (answer.kind === "unauthenticated") {
            if (answer.body === "") {
              throw new Error("it is refused without a word");
            }
            return false;
          }
          const { claims, headers } = answer.request;
          if (headers.some(([, value]) => value === FORGED)) {
            throw new Error("what the client says of its claims is believed");
          }
          if (claims === undefined) {
            return false;
          }
          if (hostile.signed === undefined || !isDeepStrictEqual(claims, asJson(hostile.signed))) {
            throw new Error("it believes claims that no key has signed");
          }
          return true;
        },
      };
    };
  },
};

/** As a token has it: without what JSON has no word for. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

type Request = TokenHolder & Pick<HostRequest, "claims"> & { readonly method: string };

function requestWith(text: string, dice: Dice): Request {
  const headers: HeaderLine[] = [
    ["x-sub", FORGED],
    ["x-payload", FORGED],
  ];
  const request = { method: "GET", path: "/", headers };
  switch (dice.below(3)) {
    case 0:
      return { ...request, headers: [...headers, ["authorization", `Bearer ${text}`] as const] };
    case 1:
      return { ...request, path: `/?a=b&t=${text}` };
    default:
      return { ...request, headers: [...headers, ["cookie", `a=b; session=${text}; c=d`] as const] };
  }
}
