import { expect, test } from "vitest";
import type { Config } from "../../ir/ir.ts";
import { lower, serviceYaml, virtualServiceYaml } from "./testing.ts";

test("equal input gives an equal result, in whatever order it comes", () => {
  const parts = [
    ...serviceYaml("a", 80, ["v1", "v2", "v3"])
      .split(/^---$/m)
      .slice(1)
      .map((document) => `---${document}`),
    serviceYaml("bb", 81),
    virtualServiceYaml("one", "a", "  - route: [{ destination: { host: a } }]"),
    virtualServiceYaml("two", "bb, x.example", "  - route: [{ destination: { host: bb } }]"),
  ];
  const print = (config: Config) =>
    JSON.stringify(config, (key, value) => (key === "span" ? undefined : value));
  const forwards = lower(parts.join(""), { meshListeners: true }).config;
  const backwards = lower([...parts].reverse().join(""), { meshListeners: true }).config;
  expect(print(backwards)).toBe(print(forwards));
});

test("two listeners on one port", () => {
  const lowered = lower(serviceYaml("a", 9901), { meshListeners: true, portMap: new Map([[9901, 15001]]) });
  expect(lowered.diagnostics).toMatchObject([{ code: "SL0410", level: "error" }]);
  expect(lower(serviceYaml("a", 9901), { meshListeners: true }).findings).toEqual(["SL0410"]);
  expect(lower(serviceYaml("a", 9901), { meshListeners: true, listenAddress: "10.0.0.1" }).findings).toEqual(
    [],
  );
});
