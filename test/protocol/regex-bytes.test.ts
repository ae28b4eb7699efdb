/**
 * Expressions on header values that are no UTF-8. A rule that keeps requests out by an expression must see all bytes
 * that a client can send: Envoy did not always (CVE-2026-73552), and reads them one by one since.
 */

import { afterAll, beforeAll, expect, test } from "vitest";
import { Connection } from "../harness/client.ts";
import { type BothTargets, openBothTargets, SIDES } from "./both-targets.ts";

const EXPRESSIONS = [
  ...[".*", ".+", "a.*", ".*b", "[^a]*", ".", "..", ".{2}", "(?s).*", "(?i).*", "\\W*", "\\D+", "^.*$"],
  ...["\\pL*", "\\PN*", "\\p{Greek}*", "é", "[é]*", "[^é]*", "é{2}", "(?i)É", "(?i)é", "\\xe9", "\\xff."],
  ...["[\\x80-\\xff]{2}", "\\b\\W*", "(?i)k", "(?i)\\xb5", "(?i)[é]*", "(?i)[^\\xc3]*"],
  ...[
    "(?i)\\p{Lu}",
    "(?i)\\pL*",
    "[\\p{Greek}\\xff]*",
    "[^\\p{Greek}]*",
    "[\\PN]*",
    "\\p{^Lu}*",
    "\\pL",
    "[[:^alpha:]]*",
  ],
  ...[
    "[[:alpha:]é]*",
    "\\Qé\\E",
    "\\303\\251",
    "[à-ÿ]*",
    "\\x{c3}\\x{a9}",
    "(?i:\\x{c9})",
    "\\W",
    "\\S*",
    "[^[:print:]]*",
  ],
];

/** As characters of one byte each. */
const VALUES = [
  ...["a", "k", "\xff\xfe", "\xff", "a\xff", "\xffb", "a\xffb", "\xe9", "\xc9", "\xb5"],
  // é, É, ã with the second byte of é, K (of Kelvin), α.
  ...["\xc3\xa9", "\xc3\x89", "\xe3\xa9", "\xe2\x84\xaa", "\xce\xb1"],
  // Over-long, a surrogate, beyond Unicode, half a character.
  ...["\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3"],
];

const RULES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: bytes, namespace: shop }
spec:
  hosts: [bytes]
  http:
  - match: [{ uri: { exact: /guarded }, headers: { x-bytes: { regex: ".*secret.*" } } }]
    directResponse: { status: 403 }
  - match: [{ uri: { exact: /guarded } }]
    directResponse: { status: 200 }
  ${EXPRESSIONS.map(
    (expression, i) => `
  - match: [{ uri: { exact: /${i} }, headers: { x-bytes: { regex: ${JSON.stringify(expression)} } } }]
    directResponse: { status: 200 }`,
  ).join("")}
`;

let proxy: BothTargets;

beforeAll(async () => {
  proxy = await openBothTargets([{ name: "bytes", protocol: "HTTP", port: 1 }], RULES);
});

afterAll(async () => {
  expect(proxy.complaints()).toEqual([]);
  await proxy.close();
});

async function statuses(port: number, path: string, values = VALUES): Promise<number[]> {
  const connection = await Connection.open(port);
  const result: number[] = [];
  for (const value of values) {
    const request = `GET ${path} HTTP/1.1\r\nhost: bytes\r\nx-bytes: ${value}\r\n\r\n`;
    result.push((await connection.send(Buffer.from(request, "latin1"))).status);
  }
  connection.close();
  return result;
}

test("a rule that keeps requests out sees what it looks for among bytes that are no text", async () => {
  const values = ["secret", "\xffsecret", "secret\xc3", "\x80secret\xff\xfe", "secre\xfft"];
  expect(await statuses(proxy.ports.wasm, "/guarded", values)).toEqual([403, 403, 403, 403, 200]);
});

test("both targets match the same bytes", async () => {
  // An Envoy from before the change takes a stray byte for no character at all.
  const [native] = await statuses(proxy.ports.native, "/0", ["\xff"]);
  const lines: string[] = [];
  let matches = 0;
  for (const [i, expression] of EXPRESSIONS.entries()) {
    const answers = await Promise.all(SIDES.map((side) => statuses(proxy.ports[side], `/${i}`)));
    for (const [j, value] of VALUES.entries()) {
      const [wasm, judge] = answers.map((list) => list[j]);
      if (wasm === 200) {
        matches += 1;
      }
      const isAscii = Buffer.byteLength(value) === value.length;
      if (wasm !== judge && (native === 200 || isAscii)) {
        lines.push(`${expression} on ${Buffer.from(value, "latin1").toString("hex")}: ${wasm}, not ${judge}`);
      }
    }
  }
  expect(lines.join("\n")).toBe("");
  expect(matches).toBeGreaterThan(100);
  expect(matches).toBeLessThan(EXPRESSIONS.length * VALUES.length - 100);
});
