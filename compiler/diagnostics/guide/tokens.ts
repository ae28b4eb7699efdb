/** Codes of tokens and the keys that verify them. */

import type { Explanations } from "./entry.ts";

function authentication(name: string, rule: string): string {
  return `apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: { name: ${name} }\nspec:\n  jwtRules:\n  - ${rule}`;
}

const KEY = '"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"';

export const TOKENS = {
  SL0973: {
    why: "istiod refuses the resource, or Envoy the filter that is made of it: no token would be verified by it.",
    example: {
      in: "file",
      wrong: authentication(
        "shop",
        'issuer: https://id.example.com\n    jwksUri: "ftp://id.example.com/keys"',
      ),
      right: authentication(
        "shop",
        'issuer: https://id.example.com\n    jwksUri: "https://id.example.com/keys"',
      ),
    },
  },
  SL0974: {
    why: "Tokens are verified by the public part of a key. Whoever has the private part can sign tokens, and everybody who can read these rules has it.",
    example: {
      in: "file",
      wrong: authentication(
        "shop",
        `issuer: https://id.example.com\n    jwks: '{ "keys": [{ ${KEY}, "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" }] }'`,
      ),
      right: authentication("shop", `issuer: https://id.example.com\n    jwks: '{ "keys": [{ ${KEY} }] }'`),
    },
  },
} as const satisfies Explanations;
