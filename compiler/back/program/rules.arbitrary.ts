/**
 * Random rules and requests. Small alphabets: nearly every rule overlaps with others, and most requests meet some.
 */

import fc from "fast-check";
import type { HostRequest } from "../../answers/request/wire.ts";
import type { HeaderMatch, PathMatch, Route, RouteTable, ValueMatch } from "../../ir/ir.ts";
import { exact, header, prefix, present, regex, to } from "./rules.fixture.ts";

const segment = fc.constantFrom("", "/", "/a", "/b", "/A", "a", "b");
const path = fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join("")}`);
const value = fc.array(fc.constantFrom("a", "b", "A"), { maxLength: 2 }).map((parts) => parts.join(""));
const piece = fc.constantFrom("a", "b", "[ab]", "a+", "b*", ".", ".*", "(ab|b)", "[^a]");
const expression = fc.array(piece, { maxLength: 3 }).map((parts) => parts.join(""));
const valueMatch: fc.Arbitrary<ValueMatch> = fc.oneof(
  value.map(exact),
  value.map(prefix),
  fc.constant(present),
  expression.map(regex),
);
const pathMatch: fc.Arbitrary<PathMatch> = fc.oneof(
  fc
    .tuple(fc.constantFrom("exact", "prefix"), path, fc.boolean())
    .map(([kind, text, ignoreCase]) => ({ kind, value: text, ignoreCase }) as const),
  expression.map((text) => ({ kind: "regex", value: `/${text}`, ignoreCase: false }) as const),
);
const headerMatch: fc.Arbitrary<HeaderMatch> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      name: fc.constantFrom("x-a", "x-b", "x-c"),
      match: valueMatch,
      invert: fc.boolean(),
      missingAsEmpty: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      header(":method", exact("POST")),
      header(":authority", prefix("a.")),
      header(":authority", exact("c.a"), { invert: true }),
    ),
  },
);
const rule: fc.Arbitrary<Route> = fc
  .record({
    path: fc.option(pathMatch, { nil: undefined, freq: 3 }),
    headers: fc.array(headerMatch, { maxLength: 2 }),
    queryParams: fc.array(fc.record({ name: fc.constantFrom("q", "r"), match: valueMatch }), {
      maxLength: 1,
    }),
    cluster: fc.constantFrom("c1", "c2", "c3", "c4"),
  })
  .map(({ path: wanted, headers, queryParams, cluster }) => ({
    name: "",
    match: { ...(wanted && { path: wanted }), headers, queryParams },
    action: to(cluster),
  }));
export const rules = fc.array(rule, { maxLength: 8 });
const domain = fc.constantFrom("a", "b.a", "c.a", "*.a", "*a", "*", "x");
export const routeTable: fc.Arbitrary<RouteTable> = fc
  .tuple(fc.uniqueArray(domain, { minLength: 1, maxLength: 4 }), rules, rules)
  .map(([domains, first, second]) => ({
    ignorePortInHost: true,
    virtualHosts: domains.map((name, i) => ({ name, domains: [name], routes: i % 2 === 0 ? first : second })),
  }));
export const request: fc.Arbitrary<HostRequest> = fc.record({
  authority: fc.constantFrom("a", "b.a", "c.a", "d.a", "a.a", "za", "x", "y", "a:80", "C.a"),
  method: fc.constantFrom("GET", "POST"),
  path: fc
    .tuple(
      path,
      fc.array(fc.tuple(fc.constantFrom("q", "r"), fc.constantFrom("=", "=a", "=ab", "=b")), {
        maxLength: 2,
      }),
    )
    .map(([text, query]) =>
      query.length > 0 ? `${text}?${query.map((parts) => parts.join("")).join("&")}` : text,
    ),
  headers: fc.array(fc.tuple(fc.constantFrom("x-a", "x-b", "x-c"), value), { maxLength: 3 }),
});
