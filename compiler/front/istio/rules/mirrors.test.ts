import { expect, test } from "vitest";
import type { Forward } from "../../../ir/ir.ts";
import { hostOf, lower, serviceYaml, virtualServiceYaml } from "../testing.ts";

const SERVICES = serviceYaml("a") + serviceYaml("bb");
const B = "outbound|80||bb.default.svc.cluster.local";

function lowered(fields: string) {
  const rules = `
  - route: [{ destination: { host: a } }]
    ${fields}`;
  const result = lower(SERVICES + virtualServiceYaml("vs", "a", rules));
  const action = hostOf(result, "mesh", "a")!.routes[0]!.action as Forward;
  return { ...result, mirrors: action.mirrors };
}

test.each([
  ["", 1_000_000],
  ["mirrorPercent: 40", 400_000],
  ["mirror_percent: 40", 400_000],
  ["mirrorPercentage: { value: 0.0001 }", 1],
  ["mirrorPercent: 40, mirrorPercentage: { value: 50 }", 500_000],
])("mirror with %j", (more, perMillion) => {
  const fields = `mirror: { host: bb }\n    ${more.replace(", ", "\n    ")}`;
  expect(lowered(fields).mirrors).toEqual([{ cluster: B, perMillion }]);
});

test.each(["mirrorPercent: 0", "mirrorPercentage: {}", "mirrorPercentage: { value: 0 }"])(
  "no copies with %j",
  (more) => {
    expect(lowered(`mirror: { host: bb }\n    ${more}`).mirrors).toBeUndefined();
  },
);

test("several, those without a share left out", () => {
  const { mirrors, config } = lowered(`mirrors:
    - { destination: { host: bb }, percentage: { value: 50 } }
    - { destination: { host: a }, percentage: {} }
    - { destination: { host: a } }`);
  expect(mirrors).toEqual([
    { cluster: B, perMillion: 500_000 },
    { cluster: "outbound|80||a.default.svc.cluster.local", perMillion: 1_000_000 },
  ]);
  expect(config.clusters.map(({ name }) => name)).toContain(B);
});

test("a mirror that nobody registered is a warning at its host", () => {
  const { findings, diagnostics } = lowered("mirror: { host: nobody }");
  expect(findings.map((finding) => finding.split(" ")[0])).toEqual(["SL0401"]);
  expect(diagnostics[0]?.span).toBeDefined();
});
