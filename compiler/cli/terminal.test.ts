import { expect, test } from "vitest";
import { wantsColors } from "./terminal.ts";

test.each([
  [{}, true, true],
  [{}, false, false],
  [{}, undefined, false],
  [{ TERM: "dumb" }, true, false],
  [{ NO_COLOR: "1" }, true, false],
  [{ NO_COLOR: "" }, true, true],
  [{ FORCE_COLOR: "1" }, false, true],
  [{ FORCE_COLOR: "0" }, true, false],
  [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
])("%j on a terminal (%s): %s", (env, isTerminal, expected) => {
  expect(wantsColors(env, isTerminal)).toBe(expected);
});
