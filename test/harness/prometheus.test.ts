import { describe, expect, test } from "vitest";
import { parsePrometheus } from "./prometheus.ts";

const HISTOGRAM = `# TYPE t histogram
t_bucket{c="a",le="1"} 1
t_bucket{c="a",le="+Inf"} 2
t_sum{c="a"} 3.5
t_count{c="a"} 2
`;

test("what the format allows is read", () => {
  const families = parsePrometheus(
    `# HELP a of it\n# TYPE a counter\na{x="q\\"u\\\\o\\nte",y=""} 1 1700000000000\n# a comment\n\na 2\n${HISTOGRAM}`,
  );
  expect(families.get("a")).toEqual({
    name: "a",
    type: "counter",
    samples: [
      { name: "a", labels: { x: 'q"u\\o\nte', y: "" }, value: 1 },
      { name: "a", labels: {}, value: 2 },
    ],
  });
  expect(families.get("t")!.samples).toHaveLength(4);
});

describe("what the format forbids is refused", () => {
  test.each([
    ["no end of the last line", "# TYPE a counter\na 1"],
    ["no TYPE", "a 1\n"],
    ["a TYPE after samples", "# TYPE a counter\na 1\n# TYPE a counter\n"],
    ["an unknown TYPE", "# TYPE a meter\na 1\n"],
    ["a family in two parts", '# TYPE a counter\na 1\n# TYPE b counter\nb 1\na{x="1"} 1\n'],
    ["a name with a dot", "# TYPE a.b counter\na.b 1\n"],
    ["a label with a dash", '# TYPE a counter\na{x-y="1"} 1\n'],
    ["a label of Prometheus' own", '# TYPE a counter\na{__x="1"} 1\n'],
    ["a bare quote", '# TYPE a counter\na{x="1"2"} 1\n'],
    ["an unknown escape", '# TYPE a counter\na{x="\\t"} 1\n'],
    ["a label twice", '# TYPE a counter\na{x="1",x="2"} 1\n'],
    ["a comma without a label", '# TYPE a counter\na{x="1",} 1\n'],
    ["a series twice", '# TYPE a counter\na{x="1",y="2"} 1\na{y="2",x="1"} 1\n'],
    ["a negative counter", "# TYPE a counter\na -1\n"],
    ["no number", "# TYPE a gauge\na one\n"],
    ["no space", '# TYPE a gauge\na{x="1"}1\n'],
    ["two spaces", "# TYPE a gauge\na  1\n"],
    ["no +Inf", HISTOGRAM.replace('le="+Inf"', 'le="2"')],
    ["no count", HISTOGRAM.replace(/t_count.*\n/, "")],
    ["buckets out of order", HISTOGRAM.replace('le="1"} 1', 'le="1"} 3')],
    ["a bucket without le", HISTOGRAM.replace(',le="1"', "")],
  ])("%s", (_, text) => {
    expect(() => parsePrometheus(text)).toThrow();
  });
});
