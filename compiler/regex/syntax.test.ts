import { describe, expect, test } from "vitest";
import { literalPrefix, regexLiteral } from "./literal.ts";
import { regexMatchesEmpty } from "./parse.ts";
import { compileRegex, regexSyntaxError } from "./single.ts";

describe("syntax", () => {
  test.each([
    ["*", "missing argument to repetition operator: `*`"],
    ["+a", "missing argument to repetition operator: `+`"],
    ["a**", "invalid nested repetition operator: `**`"],
    ["(?=a)", "invalid or unsupported Perl syntax: `(?=`"],
    ["(?!a)b", "invalid or unsupported Perl syntax: `(?!`"],
    ["(?<=a)b", "invalid named capture: `(?<=a)b`"],
    ["(?>a)", "invalid or unsupported Perl syntax: `(?>`"],
    ["(a)\\1", "invalid escape sequence: `\\1`"],
    ["\\Z", "invalid escape sequence: `\\Z`"],
    ["\\C", "invalid escape sequence: `\\C`"],
    ["a{1001}", "invalid repeat count: `{1001}`"],
    ["((a{100}){100}){100}", "invalid repeat count: `{100}`"],
    ["(a", "missing closing ): `(a`"],
    ["a)", "unexpected ): `a)`"],
    ["[a", "missing closing ]: `[a`"],
    ["[b-a]", "invalid character class range: `b-a`"],
    ["\\p{Klingon}", "invalid character class range: `\\p{Klingon}`"],
    ["a\\", "trailing backslash at end of expression"],
    ["(?P<n>a)(?P<n>b)", "duplicate capture group name: `n`"],
    ["a\ud800", "invalid UTF-8"],
    ["(abc){1000}{2}", "invalid nested repetition operator: `{1000}{2}`"],
    [`(${"a".repeat(990)}){1000}`, "pattern too large - compile failed"],
    ["(\\pL{1000}\\d{9}){33}", "invalid repeat count: `{33}`"],
    ["a[\\x{100}]", "invalid escape sequence: `\\x{100}` (Envoy matches bytes, up to \\xff)"],
    ["\\Q\\x{100}\\E\\400", "invalid escape sequence: `\\400` (Envoy matches bytes, up to \\xff)"],
    ["[é-à]", "invalid character class range: `é-à`"],
  ])("%j is refused", (pattern, wanted) => {
    expect(regexSyntaxError(pattern)).toBe(wanted);
    expect(() => compileRegex(pattern)).toThrow(wanted);
  });

  test.each([
    "",
    "a{1000}",
    "x{,5}",
    "(?<n>a)",
    "[[:word:]]",
    "\\pL\\p{Lu}\\PN",
    "(?i-s:a)",
    "a|",
    "\\x{FF}\\377",
    "\\\\x{100}",
    "\\Q\\x{100}",
    "\\pL{1000}",
    "[à-é]",
    "\\/",
  ])("%j is taken", (pattern) => {
    expect(regexSyntaxError(pattern)).toBeUndefined();
  });
});

describe("literals", () => {
  test.each<[string, string, boolean]>([
    ["/api/v1", "/api/v1", true],
    ["^/api/v1$", "/api/v1", true],
    ["\\A/api\\z", "/api", true],
    ["/api/.*", "/api/", false],
    ["/api/v\\d+", "/api/v", false],
    ["(/api)/(?P<rest>x.*)", "/api/x", false],
    ["/a|/b", "/", false],
    ["/ab?", "/a", false],
    ["(?i)/1", "/1", true],
    ["(?i)/a", "/", false],
    ["/a\\b", "/a", false],
    ["/€𝒳.", "/€𝒳", false],
    ["/é", "/é", true],
    ["/é\\xc3", "/é", false],
    ["/[é-ÿ]", "/", false],
    ["(?i)/é", "/é", true],
    [".*", "", false],
    ["", "", true],
    ["\\Q/a.b\\E", "/a.b", true],
    ["a$b", "a", false],
    ["a^", "a", false],
  ])("%s", (pattern, prefix, isWhole) => {
    expect(regexLiteral(pattern)).toEqual({ prefix, isWhole });
    expect(literalPrefix(pattern)).toBe(prefix);
  });
});

test.each<[string, boolean]>([
  ["", true],
  ["a*", true],
  ["a+", false],
  ["^$", true],
  ["\\b", false],
  ["\\B", true],
])("whether %j matches the empty text", (pattern, wanted) => {
  expect(regexMatchesEmpty(pattern)).toBe(wanted);
});
