/** Of what repeats an earlier match, it is said who takes its requests. */

import { expect, test } from "vitest";
import { understand } from "../../../compile.ts";
import type { Diagnostic } from "../../../diagnostics/diagnostic.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../../options.ts";

const TO = "route: [{destination: {host: c.example}}]";

/** What is said of the second of two rules that have one match each. */
function said(first: string, second: string, action = TO): string[] {
  const text = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a.example]
  http:
  - {match: [{${first}}], ${action}}
  - {match: [{${second}}], ${TO}}
`;
  const found: Diagnostic[] = [];
  understand([{ path: "rules.yaml", text }], DEFAULT_PROXY_OPTIONS, "answer", {
    report: (one) => found.push(one),
  });
  return found
    .filter(({ code }) => /^SL027[01]$/.test(code))
    .map(({ code, message }) => `${code} ${message}`);
}

test("does not say that a delegate takes everything", () => {
  const delegating = (second: string) => said("uri: {prefix: /a/}", second, "delegate: {name: d}");
  expect(delegating("uri: {prefix: /a/}")).toEqual([
    "SL0271 spec.http[2].match[1]: an earlier match is the same; only what its delegate leaves gets here",
    "SL0270 spec.http[2]: only what delegates leave gets here: all matches of the rule repeat earlier ones",
  ]);
});
