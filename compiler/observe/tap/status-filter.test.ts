import { expect, test } from "vitest";
import { statusFilter } from "./status-filter.ts";
import { TapError } from "./tap-error.ts";

test.each([
  [undefined, [0, 200, 302, 500, 503]],
  ["503", [503]],
  ["5XX", [500, 503]],
  ["3xx", [302]],
  ["0", [0]],
])("%s", (wanted, taken) => {
  expect([0, 200, 302, 500, 503].filter(statusFilter(wanted))).toEqual(taken);
});

test.each(["", "600", "5x", "50", "6xx", "ok"])('"%s" is not a status', (wanted) => {
  expect(() => statusFilter(wanted)).toThrow(TapError);
});
