/**
 * The few words that generated rules and requests are made of. Few, so that rules overlap and requests hit them; each
 * is there because some proxy somewhere gets it wrong.
 */

export const PATHS = [
  "/",
  "/a",
  "/a/",
  "/a/b",
  "/ab",
  "/A/b",
  "/a%2Fb",
  "/v1/items",
  "/x.y",
  "/a//b",
  "/~u",
] as const;

/** Expressions with texts of which some match. Not more than a few DFA states: this is no test of expressions. */
export const PATH_REGEXES: Readonly<Record<string, readonly string[]>> = {
  "/a/[0-9]+": ["/a/1", "/a/12", "/a/", "/a/1x"],
  "/a.*": ["/a", "/ab/c", "/A"],
  "/(a|b)/c?": ["/a/", "/b/c", "/c/c"],
  ".*": ["/", "/anything/at/all"],
  "/v1/items/[^/]+": ["/v1/items/7", "/v1/items/", "/v1/items/7/8"],
  "(?i)/A/B": ["/a/b", "/A/b", "/a/bc"],
  "/.+/c": ["/a/c", "/a/b/c", "//c", "/c"],
  "/[a-z]{2,4}": ["/ab", "/abcd", "/abcde", "/a"],
};

export const HEADER_NAMES = ["x-a", "X-B", "cookie", "user-agent", "accept"] as const;
export const QUERY_NAMES = ["q", "Q", "x-y"] as const;
export const VALUES = ["", "1", "a", "abc", "A", "a,b", "a%20b"] as const;

export const VALUE_REGEXES: Readonly<Record<string, readonly string[]>> = {
  ".*": ["", "x"],
  "a+": ["a", "aaa", "ab", ""],
  "[0-9]": ["1", "12"],
  "a|abc": ["a", "abc", "ab"],
};

/** Texts for an expression, matched or not. */
export function samplesOf(regex: string): readonly string[] {
  return PATH_REGEXES[regex] ?? VALUE_REGEXES[regex] ?? ["/", "a"];
}

export const METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"] as const;

/** Destinations: services of the world of the conformance cases, one without pods, one that nobody has. */
export const DESTINATIONS = [
  { host: "reviews", subset: "v1" },
  { host: "reviews", subset: "v2" },
  { host: "reviews", subset: "v3" },
  { host: "ratings" },
  { host: "details", port: { number: 80 } },
  { host: "details", port: { number: 8080 } },
  { host: "details", port: { number: 8082 } },
  { host: "oddport" },
  { host: "empty" },
  { host: "reviews", subset: "missing" },
] as const;
