import { expect, test } from "vitest";
import type { PageEvent, PendingView } from "../../api.ts";
import { healthOf } from "./health.ts";

const LIVE = { kind: "live" } as const;

function events(...kinds: PageEvent["kind"][]): PageEvent[] {
  return kinds.map((kind) => ({ at: 0, kind, text: "" }));
}

function pending(state: PendingView["state"]): PendingView {
  return { since: 0, state, findings: [], witnesses: [] };
}

test.each([
  ["serving", null, "good", "Serving"],
  ["reloaded", null, "good", "Serving"],
  ["refused", pending("wrong"), "warn", "Serving; the last edit has errors"],
  ["rejected", null, "warn", "Serving; Envoy rejected the last edit"],
  ["held", pending("hold"), "warn", "Serving; an edit waits for you"],
  ["reloaded", pending("applying"), "plain", "Serving; an edit is being applied"],
  ["failed", null, "bad", "The last change failed; trying again"],
  ["draining", null, "warn", "Envoy drains and ends"],
  ["stopped", pending("hold"), "bad", "Envoy is gone"],
] as const)("after %s", (kind, waiting, tone, words) => {
  expect(healthOf(LIVE, undefined, events("serving", kind), waiting)).toEqual({ tone, words });
});

test("who does not answer comes first: Sluice, then Envoy", () => {
  const silent = { since: 1, why: "no answer" };
  expect(healthOf({ kind: "lost", since: 0 }, silent, events("serving"), null).words).toMatch(
    /^Sluice does not/,
  );
  expect(healthOf(LIVE, silent, events("serving"), null).words).toMatch(/^Envoy does not answer/);
  expect(healthOf(LIVE, silent, events("stopped"), null).words).toBe("Envoy is gone");
});
