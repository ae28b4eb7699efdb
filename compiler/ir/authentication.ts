/**
 * Who clients say that they are, and how a listener finds out whether that is so: what its `jwt_authn` filter is told, before any
 * rule sees the request. A token that is there has to be good; whether one has to be there is not asked.
 *
 * The claims of a token that was verified are what Envoy calls dynamic metadata, and stay with the request: a match, or a
 * key of a rate limit, names one by its path. What was not verified is nowhere.
 */

/** Absent at a listener: nobody is asked for anything, and no request has claims. */
export interface Authentication {
  /** At least one, in the order in which they are tried; the first that takes the token of a request gives its claims. */
  readonly providers: readonly TokenProvider[];
}

/** Whose tokens are taken, where they are looked for, and what the upstream is told of them. */
export interface TokenProvider {
  /** `iss` of its tokens. Absent: that of any will do. */
  readonly issuer?: string;
  /** One of them has to be in `aud`. Empty: that is not asked. */
  readonly audiences: readonly string[];
  readonly keys: TokenKeys;
  /** Where tokens are. All three empty: `authorization: Bearer …`, then the parameter `access_token`. */
  readonly headers: readonly TokenHeader[];
  readonly parameters: readonly string[];
  readonly cookies: readonly string[];
  /** The token stays in the request; else it is taken out, but for cookies. */
  readonly forwards: boolean;
  /** Header, in lower case, with the payload in base64url. */
  readonly payloadHeader?: string;
  /** Headers, in lower case, with single claims that are a text, a number or a boolean; `a.b` is one inside of another. */
  readonly claimHeaders: readonly { readonly name: string; readonly claim: string }[];
  /** Claims of several words: each is a value of its own. */
  readonly spaceDelimitedClaims: readonly string[];
}

export interface TokenHeader {
  /** Lower case. */
  readonly name: string;
  /** What stands before the token. */
  readonly prefix: string;
}

export type TokenKeys =
  /** A JSON Web Key Set (RFC 7517). */
  | { readonly kind: "inline"; readonly jwks: string }
  /** Envoy fetches it. As long as it cannot, every request with a token is refused. */
  | {
      readonly kind: "remote";
      readonly uri: string;
      /** By whose endpoints. */
      readonly cluster: string;
      readonly timeoutMs: number;
    };

/**
 * What conditions on a claim have in the place of a header's name: no header can be called so, and no two claims are called alike.
 * `path`: from the outside in.
 */
export function claimName(path: readonly string[]): string {
  return `@claims${path.map((key) => `[${JSON.stringify(key)}]`).join("")}`;
}
