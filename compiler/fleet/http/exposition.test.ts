import { expect, test } from "vitest";
import { Counter, exposition, Histogram } from "./exposition.ts";

test("families, labels and what is escaped in them", () => {
  const nacks = new Counter("nacks_total", "Refusals, by\nkind.", [{ kind: "rules" }]);
  nacks.add(2, { kind: 'a "b" \\ c\nd' });
  nacks.add(1, { kind: "rules" });
  expect(
    exposition([
      nacks.family,
      { name: "up", help: "Back\\slash.", type: "gauge", samples: [{ value: 1.5 }] },
    ]),
  ).toBe(
    [
      "# HELP nacks_total Refusals, by\\nkind.",
      "# TYPE nacks_total counter",
      'nacks_total{kind="rules"} 1',
      'nacks_total{kind="a \\"b\\" \\\\ c\\nd"} 2',
      "# HELP up Back\\\\slash.",
      "# TYPE up gauge",
      "up 1.5",
      "",
    ].join("\n"),
  );
});

test("buckets of a histogram count what is at most so large, each with those before it", () => {
  const seconds = new Histogram("seconds", "Time.", [0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 3]) {
    seconds.observe(value);
  }
  expect(exposition([seconds]).split("\n").slice(2)).toEqual([
    'seconds_bucket{le="0.1"} 2',
    'seconds_bucket{le="1"} 3',
    'seconds_bucket{le="+Inf"} 4',
    "seconds_sum 3.65",
    "seconds_count 4",
    "",
  ]);
});
