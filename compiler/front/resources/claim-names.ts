/**
 * How rules name a claim of the token: in `headers` and `withoutHeaders` of a match, where other names mean a header (istiod's
 * `pkg/jwt/routing.go`), and in `sluice.dev/rate-limit`.
 */

/** Deeper than any issuer nests its claims; a path is looked up from the outside in, for every request that has a token. */
export const MAX_CLAIM_DEPTH = 32;

export const CLAIM_PREFIX = "@request.auth.claims";

/** The path of a claim, from the outside in: `.a.b` or `[a][b]` behind the prefix. `undefined`: a header is meant. */
export function claimPathOf(name: string): readonly string[] | undefined {
  if (!name.toLowerCase().startsWith(CLAIM_PREFIX)) {
    return undefined;
  }
  return parseClaimPath(name.slice(CLAIM_PREFIX.length));
}

/** `.a.b` or `[a][b]`, from the outside in; `undefined` for anything else. */
export function parseClaimPath(path: string): readonly string[] | undefined {
  if (path.startsWith(".") && path.length > 1) {
    return path.slice(1).split(".");
  }
  return path.startsWith("[") && path.endsWith("]") && path.length > 2
    ? path.slice(1, -1).split("][")
    : undefined;
}
