import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

test("a slip of the finger is recognised, another word is not", () => {
  const known = ["reviews.default.svc.cluster.local", "ratings.default.svc.cluster.local"];
  expect(nearest("reveiws.default.svc.cluster.local", known)).toBe(known[0]);
  expect(nearest("v4", ["v1", "v2"])).toBe("v1");
  expect(nearest("www.example.com", known)).toBeUndefined();
  expect(nearest("details.default.svc.cluster.local", known)).toBeUndefined();
  expect(nearest("a", [])).toBeUndefined();
});
