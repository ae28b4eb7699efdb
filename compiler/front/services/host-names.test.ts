import { expect, test } from "vitest";
import { HostMap } from "./host-map.ts";
import { covers, resolveHost } from "./host-names.ts";

test.each([
  ["a.example", "a.example", true],
  ["a.example", "b.example", false],
  ["*.example", "a.example", true],
  ["*.example", "a.b.example", true],
  ["*.example", "example", false],
  ["a.example", "*.example", false],
  ["*", "a.example", true],
  ["*", "*.example", true],
  ["*.example", "*", false],
  ["*.example", "*.b.example", true],
  ["*.b.example", "*.example", false],
])("%s covers %s: %s", (wide, narrow, expected) => {
  expect(covers(wide, narrow)).toBe(expected);
});

test("short names are services of the rule's namespace", () => {
  expect(resolveHost("Reviews", "shop", "cluster.local")).toBe("reviews.shop.svc.cluster.local");
  expect(resolveHost("reviews.other", "shop", "cluster.local")).toBe("reviews.other");
  expect(resolveHost("*", "shop", "cluster.local")).toBe("*");
  expect(resolveHost("::1", "shop", "cluster.local")).toBe("::1");
});

test("the exact name is found first, then the longest wildcard", () => {
  const map = new HostMap<number>();
  map.set("*", 1);
  map.set("*.example", 2);
  map.set("*.b.example", 3);
  map.set("a.example", 4);
  expect(map.mostSpecific("a.example")).toBe(4);
  expect(map.mostSpecific("c.example")).toBe(2);
  expect(map.mostSpecific("c.b.example")).toBe(3);
  expect(map.mostSpecific("*.c.b.example")).toBe(3);
  expect(map.mostSpecific("other")).toBe(1);
  expect(map.get("c.example")).toBeUndefined();
});
