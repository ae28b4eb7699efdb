import { expect, test } from "vitest";
import { processTerminal, wantsColors } from "./terminal.ts";

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

test("standard error that is no terminal has no width, and so no progress is shown on it", () => {
  const { isTTY, columns } = process.stderr;
  try {
    Object.assign(process.stderr, { isTTY: false, columns: undefined });
    expect(processTerminal().errColumns).toBeUndefined();
    Object.assign(process.stderr, { isTTY: true, columns: 120 });
    expect(processTerminal().errColumns).toBe(process.env.TERM === "dumb" ? undefined : 120);
  } finally {
    Object.assign(process.stderr, { isTTY, columns });
  }
});
