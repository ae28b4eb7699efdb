import { expect, test } from "vitest";
import { lowerRewrite } from "./rewrites.ts";

const route = [{ destination: { host: "a" } }];

test("nothing", () => {
  expect(lowerRewrite({ route })).toEqual({});
});

test("what was matched, or an expression", () => {
  expect(lowerRewrite({ route, rewrite: { uri: "/x" } })).toEqual({
    rewrite: { kind: "matched", value: "/x" },
  });
  expect(lowerRewrite({ route, rewrite: { uriRegexRewrite: { match: "a", rewrite: "\\0" } } })).toEqual({
    rewrite: { kind: "regex", pattern: "a", substitution: "\\0" },
  });
});

test("a host that was rewritten is kept where the proxy keeps them, and the rule has a rewrite", () => {
  const keeps = { appendsForwardedHost: true } as const;
  const own = [{ destination: { host: "a" }, headers: { request: { set: { host: "b" } } } }];
  expect(lowerRewrite({ route, rewrite: { authority: "x" } }, keeps)).toMatchObject(keeps);
  expect(lowerRewrite({ route: own, rewrite: { uri: "/" } }, keeps)).toMatchObject(keeps);
  expect(lowerRewrite({ route: own }, keeps)).toEqual({ hostRewrite: "b" });
  expect(lowerRewrite({ route, rewrite: { uri: "/" } }, keeps)).not.toHaveProperty("appendsForwardedHost");
});

test("the host that is written out, else the rule's header, else that of its only destination", () => {
  const headers = (host: string) => ({ request: { set: { host } } });
  const own = [{ destination: { host: "a" }, headers: headers("destination") }];
  expect(lowerRewrite({ route: own })).toEqual({ hostRewrite: "destination" });
  expect(lowerRewrite({ route: own, headers: headers("rule") })).toEqual({ hostRewrite: "rule" });
  expect(lowerRewrite({ route: own, headers: headers("rule"), rewrite: { authority: "x" } })).toEqual({
    hostRewrite: "x",
  });
});
