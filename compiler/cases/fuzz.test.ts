/**
 * What users may hand to `explain` and `test`, at random: it is read, or refused with a reason, and never anything else.
 * `SLUICE_FUZZ=1000000` tries more.
 */

import fc from "fast-check";
import { expect, test } from "vitest";
import { makeRequest, parseHeader, parseRequestLine, RequestError } from "../request/asked.ts";
import { parseCurl } from "../request/curl.ts";
import { casesOf, configOf, evaluatorsOf } from "./testing.ts";

const RUNS = Number(process.env.SLUICE_FUZZ ?? 3_000);
/** A reading that takes longer hangs, for whoever waits for it. */
const SLOW_MS = 1_000;

const evaluators = evaluatorsOf(
  configOf(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: a }
spec:
  hosts: [a.example]
  http:
  - match: [{ uri: { regex: "/(a|b)*x?" }, headers: { x-a: { prefix: b } }, queryParams: { q: { exact: "1" } } }]
    rewrite: { uriRegexRewrite: { match: "a+", rewrite: "<\\\\0>" } }
    headers: { request: { set: { x-b: "%REQ(x-a)%" } } }
    route: [{ destination: { host: a.example } }]
  - redirect: { uri: /x }
`),
);

/** Texts of pieces that mean something, with anything between them. */
const textOf = (...pieces: string[]) =>
  fc
    .array(
      fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom(...pieces) },
        { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 4 }) },
        { weight: 1, arbitrary: fc.string({ maxLength: 3 }) },
      ),
      { maxLength: 14 },
    )
    .map((parts) => parts.join(""));

const requestText = textOf(
  "GET",
  " ",
  "http://",
  "a.example",
  ":80",
  "/",
  "a",
  "b",
  "x",
  "?",
  "q=1",
  "&",
  "#",
  "%2e",
  "..",
  "\\",
  "[::1]",
  "@",
  ";",
  "\t",
);
const headerText = textOf(
  "x-a",
  ":",
  " ",
  "b",
  "host",
  "a.example",
  "cookie",
  "=",
  ";",
  ",",
  "\r\n",
  "te: trailers",
  "x-forwarded-proto:",
  "x-envoy-",
  "x-sluice-class",
);
const curlText = textOf(
  "curl",
  " ",
  "-X",
  "-H",
  "'",
  '"',
  "\\",
  "\n",
  "http://a.example/",
  "--data",
  "--json",
  "-G",
  "-d",
  "$'",
  "\\x41",
  "--",
  "-",
  "@",
  "=",
  "x-a: b",
  "|",
  "$",
  "`",
  "--http2",
  "-b",
  "-u",
  "-sS",
);
const yamlText = textOf(
  "name: x\n",
  "checks:\n",
  "- ask: ",
  "GET http://a.example/\n",
  "  expect: ",
  "{ status: 200 }\n",
  "{",
  "}",
  "[",
  "]",
  ": ",
  "&a ",
  "*a",
  "---\n",
  "\n",
  "  ",
  "\t",
  "!!str ",
  "? ",
  "|\n",
  "'",
  '"',
  "# ",
  "times: 5\n",
  "shares: { clusters: { a.example: 1 } }\n",
  "null",
  "<<: *a\n",
  "\ufeff",
  "\r\n",
);

/** What is not refused in words is a bug. */
function read<T>(make: () => T): T | undefined {
  const start = performance.now();
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    expect(error.message).not.toBe("");
    return undefined;
  } finally {
    expect(performance.now() - start).toBeLessThan(SLOW_MS);
  }
}

test(`${RUNS} requests`, { timeout: 600_000 }, () => {
  let asked = 0;
  fc.assert(
    fc.property(requestText, fc.array(headerText, { maxLength: 4 }), fc.boolean(), (line, lines, http2) => {
      const headers = lines.flatMap((text) => {
        const header = read(() => parseHeader(text));
        return header ? [header] : [];
      });
      const request = read(() =>
        makeRequest(parseRequestLine(line), headers, { protocol: http2 ? "HTTP/2" : "HTTP/1.1" }),
      );
      if (request === undefined) return;
      asked++;
      for (const { name } of evaluators.config.listeners) {
        expect(evaluators.get(name)!.evaluate(request).disagreements).toEqual([]);
      }
    }),
    { numRuns: RUNS },
  );
  // Were all of them refused, nothing would have been tried.
  expect(asked).toBeGreaterThan(RUNS / 20);
});

test(`${RUNS} curl command lines`, { timeout: 600_000 }, () => {
  let asked = 0;
  fc.assert(
    fc.property(fc.boolean(), curlText, (prefixed, text) => {
      const request = read(() => parseCurl(prefixed ? `curl http://a.example/ ${text}` : text));
      if (request) asked++;
    }),
    { numRuns: RUNS },
  );
  expect(asked).toBeGreaterThan(RUNS / 100);
});

test(`${RUNS} case files`, { timeout: 600_000 }, () => {
  let good = 0;
  fc.assert(
    fc.property(fc.boolean(), yamlText, (prefixed, text) => {
      const start = `name: x\nchecks:\n- ask: GET http://a.example/\n  expect: { status: 308 }\n`;
      const { cases, diagnostics } = casesOf(prefixed ? start + text : text, evaluators);
      if (cases.length > 0 && diagnostics.length === 0) good++;
      for (const { code, span } of diagnostics) {
        expect(code).toMatch(/^SL\d{4}$/);
        expect(span!.start).toBeGreaterThanOrEqual(0);
      }
    }),
    { numRuns: RUNS },
  );
  expect(good).toBeGreaterThan(RUNS / 100);
});
