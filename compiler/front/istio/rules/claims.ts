/** The names in `headers` and `withoutHeaders` that mean a claim of the token, not a header: istiod's `pkg/jwt/routing.go`. */

const PREFIX = "@request.auth.claims";

/** The path of a claim, from the outside in: `.a.b` or `[a][b]` behind the prefix. `undefined`: a header is meant. */
export function claimPathOf(name: string): readonly string[] | undefined {
  if (!name.toLowerCase().startsWith(PREFIX)) {
    return undefined;
  }
  const path = name.slice(PREFIX.length);
  if (path.startsWith(".") && path.length > 1) {
    return path.slice(1).split(".");
  }
  return path.startsWith("[") && path.endsWith("]") && path.length > 2
    ? path.slice(1, -1).split("][")
    : undefined;
}
