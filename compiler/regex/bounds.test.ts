import { beforeAll, describe, expect, test } from "vitest";
import * as layout from "../../filter/regex/layout.ts";
import { parseRegex, RegexError } from "./parse.ts";
import { compileRegexSet } from "./set.ts";
import { compileRegex, regexSyntaxError } from "./single.ts";
import { Walker } from "./walker.fixture.ts";

/** States of the largest DFA that one pattern becomes, with the dead one. */
const MOST_STATES = 4097;

let walker: Walker;
beforeAll(async () => {
  walker = await Walker.create({ counting: true });
});

const utf8 = (text: string) => new TextEncoder().encode(text);
const alternatives = (count: number, make: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => make(i)).join("|");

describe("size", () => {
  test("the smallest DFA is found", () => {
    // The dead state and 2^11.
    expect(compileRegex("(a|b)*a(a|b){10}").states).toBe(2049);
    expect(compileRegex("(a*)*b").states).toBe(3);
    expect(compileRegex("(?:.*.*.*)*x?.*").states).toBe(compileRegex(".*").states);
  });

  test("patterns of one language give the same bytes", () => {
    expect(compileRegex("(?:a|b)+c{1,2}").table).toEqual(compileRegex("[ab][ab]*cc??").table);
    expect(compileRegex("x|[a-z]").table).toEqual(compileRegex("[[:lower:]]").table);
  });

  test("a pattern whose DFA is too large is simulated", () => {
    const compiled = compileRegex("(a|b)*a(a|b){30}");
    expect(compiled.kind).toBe("nfa");
    expect(compiled.table.length).toBeLessThan(1024);
    expect(walker.load(compiled.table)).toBe(true);
    expect(walker.matches(utf8(`${"ab".repeat(1000)}a${"b".repeat(30)}`))).toBe(true);
    expect(walker.matches(utf8(`${"ab".repeat(1000)}b${"a".repeat(30)}`))).toBe(false);
  });

  test("bounds are obeyed", () => {
    expect(compileRegex("(a|b)*a(a|b){10}", { maxStates: 2047 }).kind).toBe("nfa");
    expect(compileRegex("(a|b)*a(a|b){10}", { maxWork: 1000 }).kind).toBe("nfa");
    const { kind, table } = compileRegex("(a|b)*a(a|b){10}", { maxTableBytes: 1000 });
    expect([kind, table.length < 1000]).toEqual(["nfa", true]);
  });
});

describe("hostile patterns are dealt with in bounded work", () => {
  test.each([
    ["(.{500}){2}"],
    [`(${alternatives(254, (i) => i.toString(36).padStart(3, "x"))})*`],
    [`(${alternatives(120, (i) => `${"ab"[i & 1]}.*${i.toString(36)}`)})*`],
    [`(${alternatives(100, (i) => `.*${i.toString(36)}.{9}`)})`],
    ["(a|b)*a(a|b){500}"],
    ["(\\pL{1,30})+"],
    ["\\pL{1000}"],
    ["\\pL{100}"],
    [`(?i)${"ſ".repeat(500)}`],
    ["(x".repeat(300) + ")*".repeat(300)],
    [`(${"a".repeat(990)}){1000}`],
    [`(\\pL${"a".repeat(980)}){1000}`],
    ["(a?){1000}a{1000}"],
    [`${".*".repeat(500)}=.*`],
    ["(?:(?:a|b)?){1000}"],
    [`(?m)${"(^|$|\\b|\\B)*".repeat(70)}x`],
    ["[a-z]*x[a-z]{15}y"],
    ["((((a|b){10}){10}){10})"],
  ])("%s", (pattern) => {
    if (regexSyntaxError(pattern) === undefined) {
      // Between these two, steps are counted: "bounds are obeyed" holds that they end.
      expect(parseRegex(pattern).instructions.length).toBeLessThan(2 * layout.NFA_MAX_INSTRUCTIONS);
      const { kind, states, table } = compileRegex(pattern);
      expect(states).toBeLessThanOrEqual(kind === "dfa" ? MOST_STATES : layout.NFA_MAX_INSTRUCTIONS);
      expect(walker.load(table)).toBe(true);
    } else {
      expect(() => parseRegex(pattern)).toThrow(RegexError);
    }
  });

  test.each([
    ["dfa", "(a*)*b", "a"],
    ["dfa", "(.*)*.*=.*", "x"],
    ["nfa", "(a|b)*a(a|b){40}c", "ab"],
    ["nfa", "(.*a){30}.{50}b", "a"],
  ] as const)("a %s match of %s is linear in the text", (kind, pattern, unit) => {
    const compiled = compileRegex(pattern);
    expect(compiled.kind).toBe(kind);
    expect(walker.load(compiled.table)).toBe(true);
    const accesses = (length: number) => {
      const text = utf8(unit.repeat(length / unit.length));
      return walker.accessesOf(() => expect(walker.matches(text)).toBe(false));
    };
    const [few, many] = [accesses(2_000), accesses(20_000)];
    expect(few).toBeGreaterThan(2_000);
    expect(many).toBeLessThan(few * 11);
  });
});

describe("sets", () => {
  test("become one table when their patterns go together", () => {
    const patterns = Array.from({ length: 500 }, (_, i) => `/svc-${i}/[a-z]+/v\\d+`);
    const tables = compileRegexSet(patterns);
    expect(tables.length).toBe(1);
    expect(tables[0]!.kind).toBe("dfa");
    const found = (text: string) => walker.patterns(tables[0]!, utf8(text));
    expect(found("/svc-123/abc/v7")).toEqual([123]);
    expect(found("/svc-499/abc/v77")).toEqual([499]);
    expect(found("/svc-500/abc/v77")).toEqual([]);
    expect(found("")).toEqual([]);
  });

  test("name all patterns that match", () => {
    const [{ table, acceptSets }] = compileRegexSet(["/a.*", "/ab.*", ".*b", "/ab.*"]) as [never];
    expect(walker.load(table)).toBe(true);
    const of = (text: string) => acceptSets[walker.set(utf8(text))] ?? [];
    expect(of("/ab")).toEqual([0, 1, 2, 3]);
    expect(of("/ac")).toEqual([0]);
    expect(of("b")).toEqual([2]);
    expect(of("/abc")).toEqual([0, 1, 3]);
    expect(of("c")).toEqual([]);
  });

  test("that multiply are split, and every pattern keeps its place", () => {
    const patterns = [
      ...Array.from({ length: 60 }, (_, i) => `.*x${i}[yz].*`),
      "(a|b)*a(a|b){30}",
      "(a|b)*a(a|b){10}",
      "/plain/[0-9]+",
    ];
    const tables = compileRegexSet(patterns);
    expect(tables.length).toBeGreaterThan(1);
    expect(tables.length).toBeLessThan(40);
    const found = (text: string) =>
      tables.flatMap((table) => walker.patterns(table, utf8(text))).sort((a, b) => a - b);
    expect(found("..x7y..x59y..x7y")).toEqual([7, 59]);
    expect(found("/plain/42")).toEqual([62]);
    expect(found(`a${"b".repeat(30)}`)).toEqual([60]);
    expect(found(`a${"b".repeat(10)}`)).toEqual([61]);
  });

  test("can be compared from behind a prefix that is known", () => {
    const patterns = ["/api/v\\d+", "^/api/[a-z]*$", "/api/"];
    const [{ table, acceptSets }] = compileRegexSet(patterns, { prefix: "/api/" }) as [never];
    expect(walker.load(table)).toBe(true);
    const of = (text: string) => acceptSets[walker.set(utf8(text))] ?? [];
    expect(of("v12")).toEqual([0]);
    expect(of("v")).toEqual([1]);
    expect(of("")).toEqual([1, 2]);
    expect(of("/api/v12")).toEqual([]);
  });

  test("of none and of one", () => {
    expect(compileRegexSet([])).toEqual([]);
    expect(compileRegexSet(["(a|b)*a(a|b){30}"])[0]).toMatchObject({ kind: "nfa", acceptSets: [[0]] });
    expect(() => compileRegexSet(["a", "("])).toThrow("missing closing )");
  });
});
