import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../../diagnostics/diagnostic.ts";
import { toJson } from "../../../diagnostics/render/json.ts";
import { loadResources } from "../model.ts";

function load(text: string) {
  const found: Diagnostic[] = [];
  const resources = loadResources([{ path: "rules.yaml", text }], { report: (one) => found.push(one) });
  return {
    resources,
    found,
    places: found.map(toJson).map(({ code, line, column }) => [code, line, column]),
  };
}

const HEAD = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\n";

test.each(["Service", "EndpointSlice", "Endpoints"])("a port of a %s is from 1 to 65535", (kind) => {
  const of = (port: number) => {
    const ports = [{ name: "http", port }];
    const body = {
      Service: { spec: { ports } },
      EndpointSlice: { ports },
      Endpoints: { subsets: [{ ports }] },
    };
    const apiVersion = kind === "EndpointSlice" ? "discovery.k8s.io/v1" : "v1";
    return load(
      JSON.stringify({ apiVersion, kind, metadata: { name: "a" }, ...body[kind as keyof typeof body] }),
    ).places.map(([code]) => code);
  };
  expect([0, 1, 65_535, 65_536].map((port) => of(port).length)).toEqual([1, 0, 0, 1]);
});

describe("the shape of a resource", () => {
  test.each([
    ["an unknown field, at its name", "spec:\n  hosts: [a]\n  htpp: []\n", "SL0104", 6, 3],
    ["an unknown field deep inside", "spec:\n  http:\n  - match:\n    - uri: {exakt: /a}\n", "SL0104", 7, 13],
    ["an unknown field of the resource", "spce: {}\n", "SL0104", 4, 1],
    ["a string for a list", "spec:\n  hosts: a\n", "SL0105", 5, 10],
    [
      "a string for a number",
      'spec:\n  http:\n  - route:\n    - destination: {host: a}\n      weight: "80"\n',
      "SL0105",
      8,
      15,
    ],
    ["a number for a duration", "spec:\n  http:\n  - timeout: 5\n", "SL0105", 6, 14],
    ["a duration without a unit", 'spec:\n  http:\n  - timeout: "5"\n', "SL0105", 6, 14],
    [
      "a boolean that was meant as text",
      "spec:\n  http:\n  - match:\n    - method: {exact: on}\n",
      "SL0105",
      7,
      23,
    ],
    ["a label that is a number", "spec:\n  http:\n  - match:\n    - sourceLabels: {v: 1}\n", "SL0105", 7, 25],
    ["a number beyond 32 bits", "spec:\n  http:\n  - retries: {attempts: 99999999999}\n", "SL0105", 6, 25],
    ["a missing field", "spec:\n  http:\n  - route:\n    - weight: 1\n", "SL0106", 7, 7],
    ["a value that is not allowed", "spec:\n  http:\n  - redirect: {derivePort: NEVER}\n", "SL0107", 6, 28],
    [
      "bytes that are not base64",
      "spec:\n  http:\n  - directResponse: {status: 200, body: {bytes: a}}\n",
      "SL0105",
      6,
      49,
    ],
    [
      "fields that exclude one another",
      "spec:\n  http:\n  - match:\n    - uri: {exact: /a, prefix: /b}\n",
      "SL0108",
      7,
      24,
    ],
  ] as const)("%s", (_, body, code, line, column) => {
    const { resources, places } = load(HEAD + body);
    expect(places).toEqual([[code, line, column]]);
    expect(resources.virtualServices).toHaveLength(0);
  });

  test.each([
    ["DestinationRule", "host: a", "trafficPolicy: {retryBudget: {percent: 101}}", "SL0105 101"],
    [
      "DestinationRule",
      "host: a",
      "trafficPolicy: {loadBalancer: {warmup: {duration: 1s, minimumPercent: -1}}}",
      "SL0105 -1",
    ],
    [
      "DestinationRule",
      "host: a",
      "trafficPolicy: {loadBalancer: {backendUtilization: {weightUpdatePeriod: a}}}",
      "SL0105 a",
    ],
    [
      "DestinationRule",
      "host: a",
      "trafficPolicy: {loadBalancer: {backendUtilization: {period: 1s}}}",
      "SL0104 period",
    ],
    [
      "DestinationRule",
      "host: a",
      "trafficPolicy: {loadBalancer: {zoneAwareLbSetting: {minClusterSize: 0}}}",
      "SL0105 0",
    ],
    [
      "DestinationRule",
      "host: a",
      "trafficPolicy: {outlierDetection: {outlierDetectionHttpErrorCodes: [600]}}",
      "SL0105 600",
    ],
    [
      "DestinationRule",
      "host: a",
      "trafficPolicy: {outlierDetection: {outlierDetectionHttpErrorCodes: [x]}}",
      "SL0105 x",
    ],
    [
      "DestinationRule",
      "host: a",
      `workloadSelector: {matchLabels: {a: ${"x".repeat(64)}}}`,
      `SL0105 ${"x".repeat(64)}`,
    ],
    ["ServiceEntry", "hosts: [a.b]", `addresses: [${"1".repeat(65)}]`, `SL0105 ${"1".repeat(65)}`],
    [
      "ServiceEntry",
      `hosts: [${"a.b, ".repeat(257)}]`,
      "resolution: NONE",
      `SL0105 [${"a.b, ".repeat(257)}]`,
    ],
    [
      "Gateway",
      "servers: [{port: {number: 443, name: a, protocol: HTTPS}, hosts: [a.b]",
      "tls: {credentialNames: []}}]",
      "SL0106 []",
    ],
  ])("%s has limits: %s, %s", (kind, first, second, expected) => {
    const { found } = load(`${HEAD.replace("VirtualService", kind)}spec: {${first}, ${second}}\n`);
    expect(
      found.map(({ code, span }) => `${code} ${span?.file.text.slice(span.start, span.end).trim()}`),
    ).toEqual([expected]);
  });

  test.each([
    ["timeout: abc", '"abc" is not a valid duration', "1.5s"],
    ["timeout: 5", "5 is not a valid duration", '"5s"'],
    ["timeout: [1s]", "must be a duration, not a list", "1.5s"],
    ["match: [{port: http}]", '"http" is not a valid port', "8080"],
    ['match: [{port: "80"}]', '"80" is not a valid port', "without quotes"],
    ["fault: {abort: {httpStatus: teapot}}", '"teapot" is not a valid status', "503"],
    ["fault: {delay: {percentage: {value: 50%}}}", '"50%" is not a valid percentage', "such as 50"],
    ["fault: {delay: {percentage: 50}}", "must be a mapping, not 50", "{ value: 50 }"],
    ["retries: {attempts: many}", 'must be a whole number, not "many"', undefined],
    ['retries: {attempts: "3"}', 'must be a whole number, not "3"', "without quotes"],
    ["retries: {attempts: 3000000000}", "3000000000 is too large", "2147483647"],
    ["match: [{ignoreUriCase: maybe}]", 'must be true or false, not "maybe"', "without quotes"],
    ['match: [{ignoreUriCase: "true"}]', 'must be true or false, not "true"', "Write it without quotes."],
    ["match: [{uri: /a}]", 'must be a mapping, not "/a"', "exact, prefix, regex"],
    ["match: {uri: {exact: /a}}", "must be a list, not a mapping", "before each item"],
    ["directResponse: {status: 200, body: {bytes: a}}", '"a" is not valid base64', undefined],
    ["redirect: {derivePort: NEVER}", '"NEVER" is not a valid value', "FROM_REQUEST_PORT"],
    ["redirect: {derivePort: FROM_REQEST_PORT}", "is not a valid value", "Did you mean FROM_REQUEST_PORT?"],
  ])("says what is wrong, and what to write instead: %s", (rule, message, help) => {
    const { found } = load(`${HEAD}spec:\n  http:\n  - ${rule}\n`);
    expect(found).toHaveLength(1);
    expect(found[0]!.message).toContain(message);
    expect(found[0]!.message).toContain("spec.http[1].");
    expect(found[0]!.help).toEqual(help === undefined ? undefined : expect.stringContaining(help));
  });

  test("says everything that is wrong, and suggests the nearest field", () => {
    const { found } = load(`${HEAD}spec:\n  hots: [a]\n  gateways: 7\n  http:\n  - timeot: 1s\n`);
    expect(found.map(({ code }) => code).sort()).toEqual(["SL0104", "SL0104", "SL0105"]);
    expect(found.map(({ help }) => help)).toContain("Did you mean hosts?");
    expect(found.map(({ help }) => help)).toContain("Did you mean timeout?");
  });

  test("takes a null field as one that is not given", () => {
    const { resources, found } = load(`${HEAD}spec:\n  hosts: [a]\n  gateways: null\n  tls: ~\n`);
    expect(found).toEqual([]);
    expect(resources.virtualServices[0]?.spec).toEqual({ hosts: ["a"] });
  });

  test("knows the kinds, the versions, and what is somebody else's", () => {
    const one = (apiVersion: string, kind: string) =>
      load(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a}\nspec: {}\n`).found.map(
        ({ code }) => code,
      );
    for (const version of ["v1", "v1beta1", "v1alpha3"]) {
      expect(one(`networking.istio.io/${version}`, "VirtualService")).toEqual([]);
    }
    expect(one("networking.istio.io/v2", "VirtualService")).toEqual(["SL0103"]);
    expect(one("networking.istio.io/v1", "VirtualServce")).toEqual(["SL0102"]);
    expect(one("networking.istio.io/v1", "EnvoyFilter")).toEqual(["SL0110"]);
    expect(one("batch/v1", "Job")).toEqual(["SL0110"]);
    expect(one("apps/v1", "Deployment")).toEqual([]);
  });

  test("counts other kinds, and says so once", () => {
    const { resources, found } = load(
      ["Job", "Job", "CronJob"]
        .map((kind) => `apiVersion: batch/v1\nkind: ${kind}\nmetadata: {name: a}\n`)
        .join("---\n"),
    );
    expect(found.map(({ code }) => code)).toEqual(["SL0110"]);
    expect(resources.ignored).toEqual(
      new Map([
        ["batch/Job", 2],
        ["batch/CronJob", 1],
      ]),
    );
  });

  test("reads the items of a List, each with its own place", () => {
    const { resources, places } = load(
      `apiVersion: v1\nkind: List\nitems:\n- ${HEAD.trimEnd().replaceAll("\n", "\n  ")}\n  spec: {hosts: [a]}\n- apiVersion: v1\n  kind: Service\n  spec: {ports: 7}\n`,
    );
    expect(resources.virtualServices).toHaveLength(1);
    expect(places).toEqual([["SL0105", 10, 17]]);
  });
});

describe("hostile documents", () => {
  test("never changes a prototype", () => {
    load(
      `${HEAD}spec:\n  __proto__: {polluted: true}\n  http:\n  - match:\n    - headers: {__proto__: {exact: a}, constructor: {exact: b}}\n`,
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.prototype).not.toHaveProperty("exact");
  });

  test.each([
    ["a list", "- a\n- b\n"],
    ["a word", "hello\n"],
    ["numbers for kind and version", "apiVersion: 1\nkind: 2\n"],
    ["a kind that every object has", "apiVersion: networking.istio.io/v1\nkind: constructor\n"],
    ["a resource without anything", "apiVersion: networking.istio.io/v1\nkind: Gateway\nspec: 1\n"],
    ["metadata that is text", "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: a\n"],
  ])("%s is an error with a place", (_, text) => {
    const { found } = load(text);
    expect(found.map(({ level }) => level)).toContain("error");
    for (const one of found.filter(({ level }) => level === "error")) {
      expect(one.span).toBeDefined();
    }
  });

  test.each([
    ["brackets", "[", "a: ".concat("[".repeat(100_000), "\n")],
    ["dashes", "-", `${"- ".repeat(100_000)}a\n`],
    ["indentation", ":", Array.from({ length: 3_000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
  ])("thousands of levels of %s are refused at the first one too many", (_, opens, text) => {
    const { found } = load(text);
    expect(found.map(({ code }) => code)).toEqual(["SL0006"]);
    // What stands behind it was not read: nothing could be said of a later place.
    expect(text.slice(0, found[0]!.span!.start).split(opens).length - 1).toBe(100);
  });
});
