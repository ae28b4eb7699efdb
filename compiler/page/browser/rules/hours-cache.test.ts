import { expect, test, vi } from "vitest";
import type { HistoryView, RuleView } from "../../api.ts";
import { HoursCache, hourOf } from "./hours-cache.ts";
import { RuleGroup } from "./rule-group.ts";

function rule(match?: string): RuleView {
  const place = { file: 0, line: 1, lastLine: 1, listeners: [] };
  return {
    id: "a#b",
    name: "b",
    resource: "",
    conditions: [],
    destinations: [],
    ...(match && { match }),
    ...place,
  };
}

test("matches are added up, and steps are put together until they can be seen", () => {
  const steps = (count: number) => ({ stepMs: 5000, requests: Array.from({ length: 720 }, () => count) });
  const { rates } = hourOf([steps(5), steps(10)]);
  expect(rates).toHaveLength(120);
  expect(new Set(rates)).toEqual(new Set([3]));
  expect(hourOf([{ stepMs: 5000, requests: [] }]).rates).toEqual([]);
});

test("an hour is asked for once a minute, and what was known stays meanwhile", async () => {
  const ask = vi.fn(
    async (of: string, match: string | undefined): Promise<HistoryView> => ({
      rule: of,
      ...(match !== undefined && { match }),
      stepMs: 1000,
      requests: [4],
    }),
  );
  const cache = new HoursCache(ask);
  const group = new RuleGroup("a#b", [rule("1"), rule("2")], [], () => "");
  expect(cache.of(group, 0)).toBeUndefined();
  await expect.poll(() => cache.of(group, 59_000)).toEqual({ rates: [8] });
  expect(ask.mock.calls).toEqual([
    ["a#b", "1"],
    ["a#b", "2"],
  ]);
  expect(cache.of(group, 60_000)).toEqual({ rates: [8] });
  expect(ask).toHaveBeenCalledTimes(4);
});
