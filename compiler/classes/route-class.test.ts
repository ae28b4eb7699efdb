import { expect, test } from "vitest";
import type { Forward, Route } from "../ir/ir.ts";
import { classesOf, className, classOf, DEFAULT_RETRY } from "./route-class.ts";

const FORWARD: Forward = {
  kind: "forward",
  destinations: [{ cluster: "a", weight: 1 }],
  timeoutMs: 0,
  retry: DEFAULT_RETRY,
};
const route = (action: Partial<Forward> = {}, more: Partial<Route> = {}): Route => ({
  name: "",
  match: { headers: [], queryParams: [] },
  action: { ...FORWARD, ...action },
  ...more,
});
const nameOf = (one: Route) => className(classOf(one)!);

test("what headers can say needs no class", () => {
  expect(classOf(route())).toBeUndefined();
  expect(classOf(route({ timeoutMs: 5 }))).toBeUndefined();
  expect(classOf(route({ retry: { ...DEFAULT_RETRY, avoidPreviousHosts: true } }))).toBeUndefined();
  expect(classOf(route({ mirrors: [] }))).toBeUndefined();
});

test("retries by headers share one class, whatever they retry on", () => {
  const retry = { ...DEFAULT_RETRY, attempts: 7 };
  expect(nameOf(route({ retry }))).toBe("retry");
  expect(nameOf(route({ retry: { ...retry, retryOn: ["5xx"], avoidPreviousPriorities: false } }))).toBe(
    "retry",
  );
  expect(nameOf(route({ retry: { ...retry, backOffMs: 5 } }))).not.toBe("retry");
});

test("equal content has one name, different content another", () => {
  const a = nameOf(route({ mirrors: [{ cluster: "m", perMillion: 1 }] }));
  expect(a).toMatch(/^[\w-]{12}$/);
  expect(nameOf(route({ mirrors: [{ perMillion: 1, cluster: "m" }] }))).toBe(a);
  expect(nameOf(route({ mirrors: [{ cluster: "m", perMillion: 2 }] }))).not.toBe(a);
  expect(nameOf(route({ mirrors: [{ cluster: "m", perMillion: 1 }] }, { statPrefix: "s" }))).not.toBe(a);
});

test("the classes of a table, each once", () => {
  const classes = classesOf({
    ignorePortInHost: true,
    virtualHosts: [
      { name: "a", domains: ["a"], routes: [route(), route({}, { statPrefix: "s" })] },
      { name: "b", domains: ["b"], routes: [route({}, { statPrefix: "s" }), route({}, { statPrefix: "t" })] },
    ],
  });
  expect([...classes.values()].map(({ statPrefix }) => statPrefix).sort()).toEqual(["s", "t", undefined]);
  expect([...classes.keys()]).toEqual([...classes.keys()].sort());
});
