import { expect, test } from "vitest";
import type { Forward, Route } from "./ir.ts";
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

const set = (value: string) => ({ remove: [], write: [{ name: "x", value, append: false }] });

test("operations on a request go by class when one has a variable, and then in their order", () => {
  const destination = (value: string) => ({ cluster: "a", weight: 1, requestHeaders: set(value) });
  const classHeaders = (rule: string, ...values: string[]) => {
    const destinations = values.map(destination);
    const made = classOf(route({ requestHeaders: set(rule), destinations }), destinations[0]);
    return [made?.headers?.request, made?.destinationHeaders?.request];
  };
  expect(classHeaders("1", "2", "3")).toEqual([undefined, undefined]);
  expect(classHeaders("%A%", "2", "3")).toEqual([set("%A%"), undefined]);
  expect(classHeaders("1", "%A%", "3")).toEqual([set("1"), set("%A%")]);
  // The rule's come after those of every destination, or of none.
  expect(classHeaders("1", "2", "%A%")).toEqual([set("1"), undefined]);
});

test("operations on a response go by class when an upstream answers", () => {
  const headers = { responseHeaders: set("1") };
  expect(classOf(route({}, headers))?.headers).toEqual({ response: set("1") });
  const answer = { kind: "directResponse", status: 200, body: "" } as const;
  expect(classOf({ ...route(), action: answer, ...headers })).toBeUndefined();
  expect(classOf({ ...route(), action: answer, responseHeaders: set("%A%") })).toEqual({
    retry: "default",
    headers: { response: set("%A%") },
    answer: { action: answer },
  });
});

test("what a redirect puts another path in place of is part of its class", () => {
  const path = { kind: "prefix", value: "/a", ignoreCase: false } as const;
  const redirect = { kind: "redirect", status: 301, path: { kind: "matched", value: "/b" } } as const;
  const made = classOf({
    ...route(),
    match: { path, headers: [], queryParams: [] },
    action: redirect,
    responseHeaders: set("%A%"),
  });
  expect(made?.answer).toEqual({ action: redirect, path });
});

test("a hash is a class, with a whole policy for retries that stay at one host", () => {
  const hash = [{ kind: "sourceIp" }] as const;
  const sameHost = { ...DEFAULT_RETRY, avoidPreviousHosts: false };
  expect(classOf(route({ hash }))).toEqual({ retry: "default", hash });
  expect(classOf(route({ hash, retry: sameHost }))).toEqual({ retry: "sameHost", hash });
  expect(classOf(route({ hash, retry: { ...sameHost, attempts: 5 } }))?.retry).toEqual({
    avoidPreviousHosts: false,
  });
  expect(classOf(route({ hash: [] }))).toBeUndefined();
});
