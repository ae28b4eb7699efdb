/** security.istio.io RequestAuthentication: https://istio.io/latest/docs/reference/config/security/request_authentication/ */

import { boolean, duration, list, map, object, oneOf, resource, string, text } from "./build.ts";

const targetRef = object(
  { group: string, kind: string, name: text(253), namespace: text(63) },
  { required: ["kind", "name"] },
);

export const jwtRule = object(
  {
    issuer: string,
    audiences: list(string),
    jwksUri: text(2048),
    jwks_uri: text(2048),
    jwks: string,
    fromHeaders: list(object({ name: string, prefix: string }, { required: ["name"] })),
    fromParams: list(string),
    fromCookies: list(string),
    outputPayloadToHeader: string,
    outputClaimToHeaders: list(object({ header: string, claim: string }, { required: ["header", "claim"] })),
    forwardOriginalToken: boolean,
    timeout: duration,
    spaceDelimitedClaims: list(string, { maxItems: 64 }),
    presence: oneOf("OPTIONAL", "REQUIRED"),
  },
  { exclusive: [["jwksUri", "jwks_uri", "jwks"]] },
);

export const requestAuthentication = resource(
  object(
    {
      selector: object({ matchLabels: map(text(63), { maxProperties: 4096 }) }),
      targetRef,
      targetRefs: list(targetRef, { maxItems: 16 }),
      jwtRules: list(jwtRule, { maxItems: 4096 }),
    },
    { exclusive: [["selector", "targetRef", "targetRefs"]] },
  ),
);
