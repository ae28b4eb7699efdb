import { expect, test } from "vitest";
import { lowerCors } from "./cors.ts";

const lower = (policy: Parameters<typeof lowerCors>[0]) => lowerCors(policy).cors;

test("no policy, and an empty one", () => {
  expect(lowerCors(undefined)).toEqual({});
  expect(lower({})).toEqual({
    allowOrigins: [],
    allowMethods: "",
    allowHeaders: "",
    exposeHeaders: "",
    allowCredentials: false,
    forwardUnmatchedPreflights: true,
  });
});

test("everything", () => {
  expect(
    lower({
      allowOrigins: [{ exact: "a" }, { prefix: "b" }, { regex: "c" }],
      allowMethods: ["GET", "PUT"],
      allowHeaders: ["x", "y"],
      exposeHeaders: ["z"],
      maxAge: "2m",
      allowCredentials: true,
      unmatchedPreflights: "IGNORE",
    }),
  ).toEqual({
    allowOrigins: [
      { kind: "exact", value: "a" },
      { kind: "prefix", value: "b" },
      { kind: "regex", value: "c" },
    ],
    allowMethods: "GET,PUT",
    allowHeaders: "x,y",
    exposeHeaders: "z",
    maxAgeSeconds: 120,
    allowCredentials: true,
    forwardUnmatchedPreflights: false,
  });
});

test("the deprecated list counts only without the other", () => {
  expect(lower({ allowOrigin: ["a"] })?.allowOrigins).toEqual([{ kind: "exact", value: "a" }]);
  expect(lower({ allowOrigin: ["a"], allowOrigins: [{ exact: "b" }] })?.allowOrigins).toEqual([
    { kind: "exact", value: "b" },
  ]);
});
