/**
 * What documents show of a terminal is what the program prints: each `console` block is run in `envoy/examples/first`, and
 * its lines must be there, one after another.
 */

import { expect, test } from "vitest";
import { missingPiece, runsEnvoy, SHOWN_CALLS } from "./console-blocks.ts";
import { FIRST_EXAMPLE, runSluice, wordsOf } from "./shown-command.ts";

const RUN_HERE = SHOWN_CALLS.filter((call) => !runsEnvoy(call));

test("the README shows a terminal", () => {
  expect(SHOWN_CALLS.filter(({ place }) => place.startsWith("README.md:")).length).toBeGreaterThan(1);
});

test.each(RUN_HERE)("$place: $command", async ({ command, pieces }) => {
  const [program, ...args] = wordsOf(command);
  expect(program).toBe("sluice");
  const { text } = await runSluice(args, FIRST_EXAMPLE);
  expect(missingPiece(pieces, text), text).toBeUndefined();
});

test("lines in another order are missed", () => {
  expect(missingPiece(["a", "b"], "a\nb\n")).toBeUndefined();
  expect(missingPiece(["b", "a"], "a\nb\n")).toBe("a");
});
