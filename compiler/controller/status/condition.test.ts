import { expect, test } from "vitest";
import { type Condition, withStatements } from "./condition.ts";

const THEN = "2026-01-01T00:00:00Z";
const NOW = new Date("2026-02-02T00:00:00.123Z");
const RECONCILED: Condition = {
  type: "Reconciled",
  status: "True",
  reason: "Synced",
  message: "",
  lastTransitionTime: THEN,
};
const ACCEPTED = { type: "Accepted", status: "True", reason: "Accepted", message: "" } as const;
const PROGRAMMED = {
  type: "Programmed",
  status: "False",
  reason: "Pending",
  message: "on no proxy yet",
} as const;

test("what others have said stays, and what is said already is not said again", () => {
  const first = withStatements([RECONCILED], [ACCEPTED, PROGRAMMED], 3, NOW)!;
  expect(first).toEqual([
    RECONCILED,
    { ...ACCEPTED, lastTransitionTime: "2026-02-02T00:00:00Z", observedGeneration: "3" },
    { ...PROGRAMMED, lastTransitionTime: "2026-02-02T00:00:00Z", observedGeneration: "3" },
  ]);
  expect(withStatements(first, [ACCEPTED, PROGRAMMED], 3, new Date())).toBeUndefined();
});

test("a time changes with the status alone", () => {
  const before = withStatements([], [ACCEPTED, PROGRAMMED], 3, new Date(THEN))!;
  const after = withStatements(
    before,
    [
      { ...ACCEPTED, message: "careful" },
      { ...PROGRAMMED, status: "True" },
    ],
    4,
    NOW,
  )!;
  expect(after.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual([THEN, "2026-02-02T00:00:00Z"]);
  expect(after.map(({ observedGeneration }) => observedGeneration)).toEqual(["4", "4"]);
});

test("what nothing new is known of stays as it was said", () => {
  const before = withStatements([RECONCILED], [ACCEPTED, PROGRAMMED], 3, NOW)!;
  const after = withStatements(before, [{ ...ACCEPTED, status: "False" }], 4, NOW)!;
  expect(after.map(({ type, observedGeneration }) => [type, observedGeneration])).toEqual([
    ["Reconciled", undefined],
    ["Programmed", "3"],
    ["Accepted", "4"],
  ]);
});
