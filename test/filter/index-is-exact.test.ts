import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { naiveRoute } from "../../compiler/answers/evaluate/trial.ts";
import type { HostRequest } from "../../compiler/answers/request/wire.ts";
import { FilterVm, loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { describeProgram } from "../../compiler/back/program/describe.ts";
import { encodeProgram } from "../../compiler/back/program/encode.ts";
import { to } from "../../compiler/back/program/rules.fixture.ts";
import type {
  HeaderMatch,
  PathMatch,
  QueryParamMatch,
  Route,
  RouteTable,
  ValueMatch,
} from "../../compiler/ir/ir.ts";
import { thoroughly } from "../harness/thorough.ts";

const FILTER = loadFilter(new URL("../../dist/filter.wasm", import.meta.url));

// Small alphabets: nearly every rule overlaps with others, and nearly every request hits several.
const segment = fc.constantFrom("", "/", "/a", "/b", "/A", "/ab", "a", "b");
const path = fc.array(segment, { maxLength: 5 }).map((parts) => `/${parts.join("")}`);
const value = fc.array(fc.constantFrom("a", "b", "A", ","), { maxLength: 3 }).map((parts) => parts.join(""));
const headerName = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("x-a", "x-b", "x-cc") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(..."defghijklmnopqrstuvw".split("").map((letter) => `x-${letter}`)),
  },
);
const queryName = fc.constantFrom("q", "r", "");
const domain = fc.constantFrom("a", "b.a", "c.b.a", "x", "a.x:81", "*.a", "*.b.a", "*a", "*x", "*");

// From the part of the syntax on which JavaScript, the judge here, agrees with RE2.
const piece = fc.constantFrom(
  "a",
  "b",
  "[ab]",
  "a+",
  "b*",
  ".",
  ".*",
  "a?",
  "(ab|b)",
  "(a|aa)+",
  "[^a]",
  "A",
);
const valueRegex = fc.array(piece, { maxLength: 3 }).map((parts) => parts.join(""));
const pathRegex = fc.array(fc.oneof(piece, segment), { maxLength: 4 }).map((parts) => `/${parts.join("")}`);

const valueMatch: fc.Arbitrary<ValueMatch> = fc.oneof(
  { weight: 3, arbitrary: value.map((text) => ({ kind: "exact", value: text }) as const) },
  { weight: 2, arbitrary: value.map((text) => ({ kind: "prefix", value: text }) as const) },
  { weight: 1, arbitrary: fc.constant({ kind: "present" } as const) },
  { weight: 2, arbitrary: valueRegex.map((text) => ({ kind: "regex", value: text }) as const) },
);

const pathMatch: fc.Arbitrary<PathMatch> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom("exact", "prefix", "prefix"), path, fc.boolean())
      .map(([kind, text, ignoreCase]) => ({ kind, value: text, ignoreCase }) as const),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(pathRegex, fc.boolean())
      .map(([text, ignoreCase]) => ({ kind: "regex", value: text, ignoreCase }) as const),
  },
);

const headerMatch: fc.Arbitrary<HeaderMatch> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      name: headerName,
      match: valueMatch,
      invert: fc.boolean(),
      missingAsEmpty: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom([":method", "POST"], [":authority", "a"], [":scheme", "http"], [":path", "/a?q"])
      .map(([name, text]) => ({
        name: name!,
        match: { kind: "exact", value: text! } as const,
        invert: false,
        missingAsEmpty: false,
      })),
  },
);

const queryMatch: fc.Arbitrary<QueryParamMatch> = fc.record({ name: queryName, match: valueMatch });

/** Mostly one or two conditions: rules with many never match, and prove nothing. */
const routes = (maxLength: number): fc.Arbitrary<Route[]> =>
  fc
    .array(
      fc.record({
        path: fc.option(pathMatch, { nil: undefined, freq: 5 }),
        headers: fc.array(headerMatch, { maxLength: 2, size: "-1" }),
        queryParams: fc.array(queryMatch, { maxLength: 1, size: "-1" }),
      }),
      { maxLength, size: "max" },
    )
    .map((matches) =>
      matches.map((match, i) => ({
        name: "",
        match: {
          ...(match.path ? { path: match.path } : {}),
          headers: match.headers,
          queryParams: match.queryParams,
        },
        action: to(`c${i}`),
      })),
    );

const many = (letter: string) => fc.integer({ min: 0, max: 24 }).map((count) => letter.repeat(count));

/** Prefixes inside prefixes on two attributes at once: what no single attribute tells apart. */
const overlapping: fc.Arbitrary<Route[]> = fc
  .array(fc.tuple(many("a"), many("a"), fc.boolean(), fc.array(headerMatch, { maxLength: 1, size: "-1" })), {
    minLength: 30,
    maxLength: 100,
    size: "max",
  })
  .map((parts) =>
    parts.map(([inPath, inHeader, invert, headers], i) => ({
      name: "",
      match: {
        path: { kind: "prefix", value: `/${inPath}`, ignoreCase: false },
        headers: [
          {
            name: "x-a",
            match: { kind: "prefix", value: `${inHeader}` },
            invert: invert && i % 3 === 0,
            missingAsEmpty: invert,
          },
          ...headers,
        ],
        queryParams: [],
      },
      action: to(`c${i}`),
    })),
  );

/** Expressions that ask what a value contains or ends with: so many become literals, which are found in one walk. */
const containing: fc.Arbitrary<Route[]> = fc
  .array(
    fc.record({
      inHeader: fc.constantFrom("x-a", "x-b"),
      value: fc.array(fc.constantFrom("a", "b", "A", ","), { minLength: 1, maxLength: 3 }),
      end: fc.constantFrom(".*", ".*", "", "[ab]?", "a+.*"),
      invert: fc.boolean(),
      others: fc.array(headerMatch, { maxLength: 1, size: "-1" }),
    }),
    { minLength: 20, maxLength: 60, size: "max" },
  )
  .map((all) =>
    all.map(({ inHeader, value: letters, end, invert, others }, i) => ({
      name: "",
      match: {
        headers: [
          {
            name: inHeader,
            match: { kind: "regex", value: `.*${letters.join("")}${end}` },
            invert: invert && i % 4 === 0,
            missingAsEmpty: false,
          },
          ...others,
        ],
        queryParams: [],
      },
      action: to(`c${i}`),
    })),
  );

const rules: fc.Arbitrary<RouteTable> = fc
  .record({
    ignorePortInHost: fc.boolean(),
    domains: fc.uniqueArray(domain, { minLength: 1, maxLength: 4 }),
    routes: fc.oneof(routes(8), routes(30), routes(80), overlapping, containing),
  })
  .map(({ ignorePortInHost, domains, routes: all }) => ({
    ignorePortInHost,
    // The first domain has all routes; the others have a route that tells them apart.
    virtualHosts: domains.map((name, i) => ({
      name: String(i),
      domains: [name],
      routes:
        i === 0 ? all : [{ name: "", match: { headers: [], queryParams: [] }, action: to(`host-${i}`) }],
    })),
  }));

const request: fc.Arbitrary<HostRequest> = fc.record({
  authority: fc.constantFrom(
    "a",
    "A",
    "b.a",
    "c.b.a",
    "d.c.b.a",
    "ba",
    "x",
    "x:80",
    "a.x:81",
    "a.x",
    "",
    "B.A:8",
  ),
  method: fc.constantFrom("GET", "POST"),
  path: fc
    .tuple(
      fc.oneof(
        path,
        many("a").map((text) => `/${text}`),
      ),
      fc.array(fc.tuple(queryName, fc.constantFrom("", "=", "=a", "=ab", "=b")), { maxLength: 3 }),
    )
    .map(
      ([text, query]) =>
        `${text}${query.length > 0 ? `?${query.map((pair) => pair.join("")).join("&")}` : ""}`,
    ),
  headers: fc.array(fc.tuple(headerName, fc.oneof(value, many("a"))), { maxLength: 4 }),
});

const TABLES = thoroughly(500);
const REQUESTS = 50;

describe("the index", () => {
  test(`finds the same route as trying them in order (${TABLES * REQUESTS} pairs)`, {
    timeout: 600_000,
  }, () => {
    let hits = 0;
    const kinds = new Map<string, number>();
    fc.assert(
      fc.property(
        rules,
        fc.array(request, { minLength: REQUESTS, maxLength: REQUESTS }),
        (table, requests) => {
          const vm = new FilterVm(FILTER);
          const blob = encodeProgram(table);
          const root = vm.configure(blob)!;
          for (const { kind } of describeProgram(blob).records) {
            kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
          }
          for (const one of requests) {
            const wanted = naiveRoute(table, one);
            const { cluster } = vm.decide(root, one);
            const expected =
              wanted?.action.kind === "forward" ? wanted.action.destinations[0]!.cluster : undefined;
            if (cluster !== expected) {
              expect({ request: one, cluster }).toEqual({ request: one, cluster: expected });
            }
            if (wanted) {
              hits++;
            }
          }
        },
      ),
      { numRuns: TABLES, seed: 20_251 },
    );
    // A test whose requests match nothing would pass, too.
    expect(hits).toBeGreaterThan((TABLES * REQUESTS) / 5);
    for (const kind of ["leaf", "switch", "trie", "bits", "fan"]) {
      expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(TABLES / 50);
    }
  });
});
