/** Rewrites and methods that are valid, and do not what was meant. */

import { expect, test } from "vitest";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../options.ts";
import { checkSources } from "./check.ts";

function found(rule: object): string[] {
  const diagnostics: Diagnostic[] = [];
  const http = [{ ...rule, route: [{ destination: { host: "s.example" } }] }];
  const text = [
    ["ServiceEntry", { hosts: ["s.example"], ports: [{ number: 80, name: "http" }], resolution: "DNS" }],
    ["VirtualService", { hosts: ["s.example"], http }],
  ]
    .map(([kind, spec]) =>
      JSON.stringify({ apiVersion: "networking.istio.io/v1", kind, metadata: { name: "a" }, spec }),
    )
    .join("\n---\n");
  const sink = { report: (diagnostic: Diagnostic) => void diagnostics.push(diagnostic) };
  checkSources([{ path: "rules.yaml", text }], DEFAULT_PROXY_OPTIONS, sink);
  expect(diagnostics.filter(({ level }) => level === "error")).toEqual([]);
  return diagnostics
    .filter(({ code }) => /^SL081[234]/.test(code))
    .map(({ code, message }) => `${code} ${message}`);
}

const byExpression = (uri: object | undefined, match: string, rewrite: string) =>
  found({ ...(uri && { match: [{ uri }] }), rewrite: { uriRegexRewrite: { match, rewrite } } });

test.each([
  [{ prefix: "/shop/" }, "^/shop/(.*)$", "\\1", '"/shop/"'],
  [{ regex: "/([a-z]+)/in(/.*)?" }, "^/([a-z]+)/in(/.*)?$", "\\2", '"/a/in"'],
  [{ prefix: "/shop" }, "^/shop(/.*)?", "\\1", '"/shop"'],
  [undefined, "^/old/", "new/", '"/old/"'],
  [{ exact: "/one" }, "/", "x", '"/one"'],
])("%j, %s to %s may lose its slash, as of %s", (uri, match, rewrite, example) => {
  const findings = byExpression(uri, match, rewrite);
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatch(/^SL0812 /);
  expect(findings[0]).toContain(example);
});

test.each([
  [{ prefix: "/shop/" }, "^/shop/(.*)$", "/\\1"],
  [{ prefix: "/shop/" }, "^/never$", "x"],
  [{ prefix: "/shop/" }, "o", "0"],
  [{ prefix: "/shop/" }, "^/shop(/.*)$", "\\1"],
  [{ prefix: "/shop/" }, "^/shop/(.*)$", "\\3"],
])("%j, %s to %s keeps it", (uri, match, rewrite) => {
  expect(byExpression(uri, match, rewrite)).toEqual([]);
});

test.each([
  ["/shop", "/", 'SL0814 spec.http[1].rewrite.uri: "/shop/a" becomes "//a"'],
  ["/shop/", "/new", 'SL0814 spec.http[1].rewrite.uri: "/shop/a" becomes "/newa"'],
  [
    "/shop/",
    "new/",
    'SL0812 spec.http[1].rewrite.uri: the path becomes "new/", without a slash at its beginning',
  ],
  ["/shop/", "/", undefined],
  ["/shop", "/new", undefined],
  ["/", "/new", undefined],
])("the prefix %s, rewritten to %s", (prefix, uri, finding) => {
  expect(found({ match: [{ uri: { prefix } }], rewrite: { uri } })).toEqual(
    finding === undefined ? [] : [finding],
  );
});

test.each([
  [{ exact: "get" }, 1],
  [{ exact: "M-SEARCH" }, 1],
  [{ prefix: "p" }, 1],
  [{ regex: "get|head" }, 1],
  [{ exact: "PROPFIND" }, 0],
  [{ prefix: "P" }, 0],
  [{ regex: "(?i)get" }, 0],
])("the method %j", (method, count) => {
  const findings = found({ match: [{ method }] });
  expect(findings.map((finding) => finding.slice(0, 6))).toEqual(Array(count).fill("SL0813"));
});
