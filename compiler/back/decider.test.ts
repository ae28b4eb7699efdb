import { describe, expect, test } from "vitest";
import { lower, serviceYaml, virtualServiceYaml } from "../front/istio/testing.ts";
import type { Target } from "../options.ts";
import { deciderOf, refusedByTarget } from "./decider.ts";

const services = serviceYaml("a") + serviceYaml("bb");

/** The place of each finding, as `line text`. */
function refused(input: string, target: Target): string[] {
  const { config, findings } = lower(services + input, { meshListeners: true });
  expect(findings).toEqual([]);
  return refusedByTarget(config, target).map(({ code, level, help, span }) => {
    expect({ code, level, hasHelp: help !== undefined }).toEqual({
      code: "SL0301",
      level: "error",
      hasHelp: true,
    });
    const { text } = span!.file;
    return text.slice(span!.start, text.indexOf("\n", span!.start)).trim();
  });
}

const sticky = (http: string) =>
  virtualServiceYaml("vs", "a", http).replace(
    "namespace: default }",
    "namespace: default, annotations: { sluice.dev/sticky: source-ip } }",
  );
const split = "[{ destination: { host: a }, weight: 1 }, { destination: { host: bb }, weight: 1 }]";

test("a sticky split where Envoy splits by itself, said once at its rule", () => {
  const input = sticky(`
  - match:
      - { uri: { prefix: /one } }
      - { uri: { prefix: /two } }
    route: ${split}
  - route: [{ destination: { host: a } }]`);
  expect(refused(input, "native")).toEqual(["match:"]);
  expect(refused(input, "wasm")).toEqual([]);
});

test.each([
  [
    "of the rule",
    "headers: { response: { set: { x-id: '%REQ(x-id)%' } } }, route: [{ destination: { host: a } }]",
  ],
  [
    "of a destination",
    `route: [{ destination: { host: a }, weight: 1, headers: { response: { add: { x-id: '%REQ(x-id)%' } } } }, { destination: { host: bb }, weight: 1 }]`,
  ],
])("an abort by the filter with a variable in the response headers %s", (_what, rest) => {
  const rule = (fault: string) =>
    virtualServiceYaml("vs", "a", `\n  - { match: [{ uri: { prefix: /x } }], ${fault} ${rest} }`);
  const abort = rule("fault: { abort: { httpStatus: 500, percentage: { value: 1 } } },");
  expect(refused(abort, "wasm")).toHaveLength(1);
  expect(refused(abort, "wasm")[0]).toMatch(/^\{ uri/);
  expect(refused(abort, "native")).toEqual([]);
  expect(refused(rule("fault: { delay: { fixedDelay: 1s, percentage: { value: 1 } } },"), "wasm")).toEqual(
    [],
  );
  expect(refused(abort.replaceAll("%REQ(x-id)%", "50%%"), "wasm")).toEqual([]);
});

describe("auto takes for each listener", () => {
  const decided = (input: string) => {
    const { config } = lower(services + input, {});
    return config.listeners.map((listener) => deciderOf(listener, "auto"));
  };
  const rules = (count: number) =>
    virtualServiceYaml(
      "vs",
      "a",
      Array.from(
        { length: count },
        (_, i) => `\n  - { match: [{ uri: { exact: /${i} } }], route: [{ destination: { host: a } }] }`,
      ).join(""),
    );

  test("what costs less", () => {
    expect(decided(rules(10))).toEqual(["native"]);
    expect(decided(rules(1000))).toEqual(["wasm"]);
  });

  test("what can do it, whatever it costs", () => {
    const few = sticky(`\n  - route: ${split}`);
    expect(decided(few)).toEqual(["wasm"]);
    expect(refused(few, "auto")).toEqual([]);
    const abort =
      "fault: { abort: { httpStatus: 500, percentage: { value: 1 } } }, headers: { response: { set: { x-id: '%REQ(x-id)%' } } }";
    const many = `${rules(1000)}\n  - { ${abort}, route: [{ destination: { host: a } }] }`;
    expect(decided(many)).toEqual(["native"]);
    expect(refused(many, "auto")).toEqual([]);
  });

  test("what decides already, if it can do what the rules say by now", () => {
    const { config } = lower(services + rules(1000), {});
    expect(config.listeners.map((listener) => deciderOf(listener, "auto", "native"))).toEqual(["native"]);
    const needsFilter = lower(services + sticky(`\n  - route: ${split}`), {}).config.listeners;
    expect(needsFilter.map((listener) => deciderOf(listener, "auto", "native"))).toEqual(["wasm"]);
    expect(needsFilter.map((listener) => deciderOf(listener, "native", "wasm"))).toEqual(["native"]);
  });

  test("neither where each of them lacks something", () => {
    const both = sticky(
      `\n  - route: ${split}\n    match: [{ uri: { exact: /s } }]\n  - fault: { abort: { httpStatus: 500, percentage: { value: 1 } } }\n    headers: { response: { set: { x-id: '%REQ(x-id)%' } } }\n    route: [{ destination: { host: a } }]`,
    );
    expect(refused(both, "auto")).toHaveLength(1);
  });
});
