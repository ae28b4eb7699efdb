import { expect, test } from "vitest";
import type { HttpMatchRequest, HttpRoute } from "../../resources/model.ts";
import { areInConflict, mergeMatches, mergeRules } from "./merge-rules.ts";

const exact = (value: string) => ({ exact: value });
const prefix = (value: string) => ({ prefix: value });
const regex = (value: string) => ({ regex: value });

/** Root, the delegate's, and whether the second is not inside of the first. */
test.each<[HttpMatchRequest, HttpMatchRequest, boolean]>([
  [{}, { uri: regex("/a") }, false],
  [{ uri: regex("/a") }, {}, false],
  [{ uri: regex("/a") }, { uri: regex("/a") }, true],
  [{ uri: regex(".*") }, { uri: exact("/a") }, true],
  [{ uri: prefix("/a") }, { uri: regex("/a.*") }, true],
  [{ uri: prefix("/a") }, { uri: exact("/ab") }, false],
  [{ uri: prefix("/a") }, { uri: prefix("/a") }, false],
  [{ uri: prefix("/ab") }, { uri: prefix("/a") }, true],
  [{ uri: prefix("/a") }, { uri: {} }, true],
  [{ uri: exact("/a") }, { uri: exact("/a") }, false],
  [{ uri: exact("/a") }, { uri: prefix("/a") }, true],
  [{ method: exact("GET") }, { method: exact("PUT") }, true],
  [{ scheme: exact("http") }, { authority: exact("x") }, false],
  [{ headers: { x: {} } }, { headers: { x: exact("1") } }, true],
  [{ headers: { x: {} } }, { headers: { x: {} } }, true],
  [{ headers: { x: exact("1") } }, { headers: { X: exact("2") } }, false],
  [{ withoutHeaders: { x: exact("1") } }, { withoutHeaders: { x: exact("2") } }, true],
  [{ headers: { x: exact("1") } }, { withoutHeaders: { x: exact("1") } }, false],
  [{ queryParams: { q: prefix("a") } }, { queryParams: { q: exact("ab") } }, false],
  [{ queryParams: {} }, { queryParams: { constructor: exact("a") } }, false],
  [{ ignoreUriCase: true }, {}, true],
  [{ ignoreUriCase: false }, {}, false],
  [{ port: 80 }, { port: 81 }, true],
  [{ port: 80 }, { port: 0 }, false],
  [{ sourceNamespace: "a" }, {}, true],
  [{}, { sourceNamespace: "a" }, false],
  [{ sourceLabels: { a: "1" } }, { sourceLabels: { b: "2" } }, false],
  [{ sourceLabels: { a: "1" } }, { sourceLabels: { a: "2" } }, true],
  [{ gateways: ["a", "b"] }, { gateways: ["b"] }, false],
  [{ gateways: ["a"] }, { gateways: ["a", "a"] }, true],
  [{ gateways: ["a"] }, {}, false],
])("%o and %o", (root, leaf, expected) => {
  expect(areInConflict(root, leaf)).toBe(expected);
});

test("matches are combined with every match of the root that they are inside of", () => {
  const root = [
    { name: "a", uri: prefix("/a") },
    { headers: { x: exact("1") }, port: 80 },
  ];
  expect(mergeMatches(root, [{ name: "l", uri: exact("/a/b"), headers: { z: exact("2") } }])).toEqual({
    matches: [
      {
        match: { name: "a-l", uri: exact("/a/b"), headers: { z: exact("2") } },
        source: { root: 0, leaf: 0 },
      },
      {
        match: { name: "l", uri: exact("/a/b"), headers: { x: exact("1"), z: exact("2") }, port: 80 },
        source: { root: 1, leaf: 0 },
      },
    ],
  });
  expect(mergeMatches([{ uri: prefix("/a") }], [{ uri: prefix("/a") }, { uri: prefix("/b") }])).toEqual({
    leaf: 1,
  });
});

test("fields of the delegate stay whole, what is missing or empty comes from the root", () => {
  const root: HttpRoute = {
    name: "root",
    delegate: { name: "leaf" },
    timeout: "5s",
    rewrite: { uri: "/x" },
    headers: { request: { remove: ["a"] } },
    mirrors: [{ destination: { host: "m" } }],
    mirror_percent: 7,
    retries: { attempts: 3, perTryTimeout: "1s" },
  };
  const route = [{ destination: { host: "a" } }];
  const leaf: HttpRoute = { route, rewrite: { authority: "y" }, retries: { attempts: 0 }, mirrors: [] };
  expect(mergeRules(root, leaf)).toEqual({
    rule: {
      name: "root",
      route,
      timeout: "5s",
      rewrite: { authority: "y" },
      headers: { request: { remove: ["a"] } },
      mirrors: [{ destination: { host: "m" } }],
      mirrorPercent: 7,
      retries: { attempts: 0 },
    },
    matches: [],
  });
});
