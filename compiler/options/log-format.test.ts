import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accessLogFormat, readLogFormat, withOperators } from "./log-format.ts";

/** The words with which a format is refused; empty: it is not. */
function refusal(format: string): string {
  let words = "";
  try {
    accessLogFormat.read(format, (message) => {
      words = message;
      throw new Error(message);
    });
  } catch (error) {
    if (words === "") {
      throw error;
    }
  }
  return words;
}

describe("formats that are taken", () => {
  test.each([
    "text",
    "json",
    "%REQ(:method)% %REQ(x-a?x-b):10% %RULE% %MATCH% %FAULT% %LISTENER%\n",
    "100 %% of %START_TIME(%Y/%m/%dT%H:%M:%S)%",
    '{"rule": "%RULE%", "nested": {"list": ["%RESPONSE_CODE%", 1]}}',
    ' { "body": "%LOCAL_REPLY_BODY%" }',
    "no operator at all",
  ])("%s", (format) => {
    expect(refusal(format)).toBe("");
    expect(accessLogFormat.accepts(format)).toBe(true);
  });
});

describe("formats that are refused", () => {
  test.each([
    ["", /empty/],
    ["%REQUEST_COD%", /"REQUEST_COD".*operators are ACCESS_LOG_TYPE, .*, VIRTUAL_CLUSTER_NAME/],
    ["%RESPONSE_COD%", /did you mean "RESPONSE_CODE"\?/],
    ["%REQ%", /%REQ\(x-request-id\)%/],
    ["%REQ()%", /%REQ\(x-request-id\)%/],
    ["%ROUTE_NAME(a)%", /no argument; use %ROUTE_NAME%/],
    ["%DURATION:3%", /cut to a length; use %DURATION%/],
    ["%METADATA(SOMEWHERE:a:b)%", /%METADATA\(ROUTE:a\.filter:key\)%/],
    ["half %REQ(a", /percent sign is %%/],
    ["100 %", /percent sign is %%/],
    ["two\nlines %RULE%", /one line/],
    ["a\0b", /one line/],
    ["%LOCAL_REPLY_BODY%", /JSON/],
    ['{"rule": "%RULE%"', /not one/],
    ['{"rule": true, "b": {"c": null}}', /"rule" is true.*"b\.c" is null/],
    ["x".repeat(20_000), /16384/],
    [`{"a":${'{"a":'.repeat(20)}"b"${"}".repeat(20)}}`, /nested/],
  ])("%j", (format, words) => {
    expect(refusal(format)).toMatch(words);
    expect(accessLogFormat.accepts(format)).toBe(false);
  });

  test("all mistakes at once", () => {
    expect(refusal("%A% %REQ% %B%")).toMatch(/"A".*"%REQ%".*"B"/);
  });
});

test("Sluice's operators become others, and nothing else changes", () => {
  const own = { RULE: "%R%", MATCH: "%M%", FAULT: "%F%", LISTENER: "l" };
  expect(withOperators("%RULE%-%MATCH%%FAULT% %LISTENER% %%RULE%% %REQ(rule)% %", own)).toBe(
    "%R%-%M%%F% l %%RULE%% %REQ(rule)% %",
  );
});

test("any text is taken or refused with words, and what is taken can be read", () => {
  const piece = fc.constantFrom(
    "%",
    "%%",
    "REQ",
    "(a)",
    "(",
    ")",
    ":5",
    "RULE",
    "{",
    '"',
    "}",
    ":",
    "\n",
    "é",
    " ",
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
      (format) => {
        if (refusal(format) === "") {
          expect(["named", "text", "json"]).toContain(readLogFormat(format).kind);
        }
      },
    ),
  );
});
