import { expect, test } from "vitest";
import { joined, lowerDestinationHeaders, lowerHeaders, lowerRuleHeaders } from "./header-operations.ts";

test("nothing", () => {
  expect(lowerHeaders(undefined)).toEqual({});
  expect(lowerHeaders({ request: {}, response: { set: {}, add: {}, remove: [] } })).toEqual({});
});

test("removed, then set, then added, each by name", () => {
  expect(
    lowerHeaders({
      response: { add: { b: "1", a: "2" }, set: { "X-Z": "3", "x-y": "4" }, remove: ["Q", "p"] },
    }).response,
  ).toEqual({
    remove: ["q", "p"],
    write: [
      { name: "x-z", value: "3", append: false },
      { name: "x-y", value: "4", append: false },
      { name: "a", value: "2", append: true },
      { name: "b", value: "1", append: true },
    ],
  });
});

test("the host has its own way, set before add; other pseudo headers are passed over", () => {
  expect(
    lowerHeaders({
      request: { set: { Host: "a" }, add: { ":authority": "b", ":path": "/" }, remove: ["host"] },
    }),
  ).toEqual({ host: "a" });
  expect(lowerHeaders({ request: { add: { ":authority": "b" } } })).toEqual({ host: "b" });
});

test("two lists as one", () => {
  const one = { remove: ["a"], write: [{ name: "b", value: "1", append: false }] };
  const two = { remove: ["c"], write: [{ name: "d", value: "2", append: true }] };
  expect(joined(one, undefined)).toBe(one);
  expect(joined(undefined, two)).toBe(two);
  expect(joined(undefined, undefined)).toBeUndefined();
  expect(joined(one, two)).toEqual({ remove: ["a", "c"], write: [...one.write, ...two.write] });
});

const set = (values: Record<string, string>, remove: string[] = []) => ({
  response: { set: values, remove },
});
const write = (name: string, value: string) => ({ name, value, append: false });
const destination = { host: "a" };

test("of a single destination: behind the rule's, in one list", () => {
  const route = [{ destination, headers: set({ a: "destination" }, ["q"]) }];
  expect(lowerRuleHeaders({ headers: set({ a: "rule" }, ["p"]), route }).response).toEqual({
    remove: ["p", "q"],
    write: [write("a", "rule"), write("a", "destination")],
  });
});

test("of several destinations: not the rule's", () => {
  const route = [
    { destination, weight: 1, headers: set({ a: "1" }) },
    { destination, weight: 1, headers: set({ a: "2" }) },
  ];
  expect(lowerRuleHeaders({ route })).toEqual({});
  expect(lowerDestinationHeaders(set({ a: "1" }))).toEqual({
    responseHeaders: { remove: [], write: [write("a", "1")] },
  });
});

test("of the only one of several that has a weight: its own, as in a split", () => {
  const route = [
    { destination, weight: 1, headers: set({ a: "destination" }) },
    { destination, weight: 0, headers: set({ a: "never" }) },
  ];
  expect(lowerRuleHeaders({ headers: set({ a: "rule" }), route }).response).toEqual({
    remove: [],
    write: [write("a", "rule")],
  });
});
