/** What is done to the path of a request before anything looks at it. */

/** What becomes of `%2F` and `%5C`. */
export type EscapedSlashes =
  | "keep"
  /** The request is answered 400. */
  | "reject"
  /** They become slashes, and the client is sent to the new path by 307; a client of gRPC, which follows nobody, gets 400. */
  | "redirect"
  /** They become slashes. */
  | "unescape";

/** In the order in which they are done. */
export interface PathSteps {
  readonly escapedSlashes: EscapedSlashes;
  /** Dots are resolved, and needless escapes undone (RFC 3986). */
  readonly normalizes: boolean;
  readonly mergesSlashes: boolean;
}
