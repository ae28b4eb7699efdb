import { expect, test } from "vitest";
import { sparkArea } from "./sparkline.tsx";

test("the newest is at the right edge, the highest at the top", () => {
  const path = sparkArea([0, 5, 10]);
  expect(path).toMatch(/L60 1\.5$/);
  expect(path.match(/[ML]/g)).toEqual(["M", "L", "L"]);
});

test("what never moved has no line", () => {
  expect(sparkArea([0, 0, 0])).toBe("");
  expect(sparkArea([])).toBe("");
});
