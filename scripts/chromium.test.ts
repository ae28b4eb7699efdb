import { expect, test } from "vitest";
// @ts-expect-error: a script, not typed
import { findChromium } from "./chromium.mjs";

test("a Chromium that is named and does not run is said", async () => {
  expect(await findChromium({ CHROMIUM_BIN: "/nowhere/chromium" })).toEqual({
    problem: "CHROMIUM_BIN: /nowhere/chromium does not run",
  });
});

test("a machine without one is told which package has it", async () => {
  expect(await findChromium({ PATH: "/nowhere" })).toEqual({
    problem: "there is no Chromium on PATH; Debian has it as the package chromium",
  });
});
