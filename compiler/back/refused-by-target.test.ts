import { expect, test } from "vitest";
import { lower, serviceYaml, virtualServiceYaml } from "../front/istio/testing.ts";
import type { Target } from "../options.ts";
import { refusedByTarget } from "./refused-by-target.ts";

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
