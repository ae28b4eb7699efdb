/** Which DestinationRule holds, which of its settings, and who is in a subset: told by who answers, and in which HTTP. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ProxyOptions } from "../../../compiler/options.ts";
import { Mesh } from "../../harness/mesh.ts";
import { TARGETS } from "../../harness/targets.ts";
import { answeredBy, apply, destinationRule, get, HOST, service, share, virtualService } from "./mesh.ts";

const ENDPOINTS = [
  { last: 61, labels: { version: "v1", tier: "gold" }, locality: "eu/eu-1" },
  { last: 62, labels: { version: "v1" }, locality: "eu/eu-2" },
  { last: 63, labels: { version: "v2" }, locality: "us/us-1" },
];
/** What speaks HTTP/2 to the endpoints, and what does not. */
const HTTP2 = { connectionPool: { http: { h2UpgradePolicy: "UPGRADE" } } };
const HTTP1 = { connectionPool: { http: { h2UpgradePolicy: "DO_NOT_UPGRADE" } } };

describe.each(TARGETS)("target %s", (target) => {
  let mesh: Mesh;

  beforeAll(async () => {
    mesh = await Mesh.create({ target });
  });

  afterAll(async () => {
    await mesh?.close();
  });

  /** `/name` asks the subset of that name. */
  const toSubsets = (...names: readonly string[]) =>
    virtualService([
      ...names.map((subset) => ({
        match: [{ uri: { exact: `/${subset}` } }],
        route: [{ destination: { host: HOST, subset } }],
      })),
      { route: [{ destination: { host: HOST } }] },
    ]);

  /** So many requests miss one of three endpoints once in ten billion times. */
  const members = async (port: number, path: string) => [...(await share(port, 60, { path })).keys()].sort();

  async function versionAt(port: number, path = "/"): Promise<string | undefined> {
    mesh.upstream.reset();
    await get(port, { path });
    return mesh.upstream.requests[0]?.httpVersion;
  }

  test("a subset is the endpoints that have all of its labels", async () => {
    const port = await apply(mesh, [
      service(ENDPOINTS),
      destinationRule({
        subsets: [
          { name: "v1", labels: { version: "v1" } },
          { name: "gold", labels: { version: "v1", tier: "gold" } },
          { name: "all" },
          { name: "eu", labels: { "topology.kubernetes.io/region": "eu" } },
        ],
      }),
      toSubsets("v1", "gold", "all", "eu"),
    ]);
    expect(await members(port, "/v1")).toEqual([61, 62]);
    expect(await members(port, "/gold")).toEqual([61]);
    expect(await members(port, "/all")).toEqual([61, 62, 63]);
    expect(await members(port, "/eu")).toEqual([61, 62]);
    expect(await members(port, "/")).toEqual([61, 62, 63]);
  });

  test("a subset that nobody is in answers 503, and is told of", async () => {
    const { ports, diagnostics } = await mesh.apply([
      service(ENDPOINTS),
      destinationRule({ subsets: [{ name: "v9", labels: { version: "v9" } }] }),
      toSubsets("v9"),
    ]);
    expect(diagnostics.map(({ code, level }) => `${level} ${code}`)).toEqual(["warning SL0409"]);
    const response = await get(ports.get("mesh")!, { path: "/v9" });
    expect([response.status, response.body]).toEqual([503, "no healthy upstream"]);
    expect((await get(ports.get("mesh")!)).status).toBe(200);
  });

  test("what a subset says replaces the host's, block by block; a port's replaces all of it", async () => {
    const port = await apply(mesh, [
      service(ENDPOINTS),
      destinationRule({
        trafficPolicy: HTTP2,
        subsets: [
          { name: "silent" },
          { name: "other-block", trafficPolicy: { outlierDetection: {} } },
          { name: "own", trafficPolicy: HTTP1 },
          {
            name: "port",
            trafficPolicy: { ...HTTP2, portLevelSettings: [{ port: { number: 80 }, outlierDetection: {} }] },
          },
          {
            name: "other-port",
            trafficPolicy: { portLevelSettings: [{ port: { number: 81 }, ...HTTP1 }] },
          },
        ],
      }),
      toSubsets("silent", "other-block", "own", "port", "other-port"),
    ]);
    const names = ["", "silent", "other-block", "own", "port", "other-port"];
    const versions = [];
    for (const name of names) {
      versions.push([name, await versionAt(port, `/${name}`)]);
    }
    expect(Object.fromEntries(versions)).toEqual({
      "": "2",
      silent: "2",
      "other-block": "2",
      own: "1.1",
      port: "1.1",
      "other-port": "2",
    });
  });

  test("a port's settings leave nothing of the host's", async () => {
    const port = await apply(mesh, [
      service(ENDPOINTS),
      destinationRule({
        trafficPolicy: { ...HTTP2, portLevelSettings: [{ port: { number: 80 }, outlierDetection: {} }] },
        subsets: [{ name: "own", trafficPolicy: HTTP2 }],
      }),
      toSubsets("own"),
    ]);
    expect(await versionAt(port)).toBe("1.1");
    expect(await versionAt(port, "/own")).toBe("2");
  });

  interface Choice {
    readonly name: string;
    /** Each names a subset `s`, and who is in it tells whose rule holds. */
    readonly rules: readonly string[];
    readonly proxy?: Partial<Omit<ProxyOptions, "portMap">>;
    readonly expected: number | "none";
  }

  /** Whose subset `s` is one endpoint. */
  const rule = (name: string, last: 61 | 62 | 63, spec: object = {}, namespace = "default") => {
    const labels = {
      61: { tier: "gold" },
      62: { "topology.kubernetes.io/zone": "eu-2" },
      63: { version: "v2" },
    };
    return destinationRule({ subsets: [{ name: "s", labels: labels[last] }], ...spec }, { name, namespace });
  };
  const AT_HOME = { proxyNamespace: "home" };

  const CHOICES: readonly Choice[] = [
    {
      name: "the rule for the host before those for wildcards",
      rules: [rule("a", 61, { host: "*.com" }), rule("b", 62), rule("c", 63, { host: "*.example.com" })],
      expected: 62,
    },
    {
      name: "the longer wildcard before the shorter",
      rules: [rule("a", 61, { host: "*.com" }), rule("c", 63, { host: "*.example.com" })],
      expected: 63,
    },
    {
      name: "of two for one host, the older has its subsets, and the younger adds to them",
      rules: [rule("a", 61, { subsets: [{ name: "other" }] }), rule("b", 62)],
      expected: 62,
    },
    {
      name: "of two that name one subset, the first",
      rules: [rule("a", 61), rule("b", 62)],
      expected: 61,
    },
    {
      name: "the client's namespace before the service's",
      rules: [rule("a", 61), rule("b", 62, {}, "home")],
      proxy: AT_HOME,
      expected: 62,
    },
    {
      name: "the service's namespace before the root namespace",
      rules: [rule("a", 61, {}, "istio-system"), rule("b", 62)],
      proxy: AT_HOME,
      expected: 62,
    },
    {
      name: "the root namespace where nobody else has one",
      rules: [rule("a", 61, {}, "istio-system")],
      proxy: AT_HOME,
      expected: 61,
    },
    {
      name: "a wildcard of the client's namespace before the exact host of the service's",
      rules: [rule("a", 61), rule("b", 62, { host: "*.example.com" }, "home")],
      proxy: AT_HOME,
      expected: 62,
    },
    {
      name: "no rule of a third namespace",
      rules: [rule("a", 61, {}, "elsewhere")],
      proxy: AT_HOME,
      expected: "none",
    },
    {
      name: "a rule that is not exported is for its own namespace",
      rules: [rule("a", 61, { exportTo: ["."] })],
      proxy: AT_HOME,
      expected: "none",
    },
    {
      name: "a rule that is exported to the client's namespace",
      rules: [rule("a", 61, { exportTo: ["home"] })],
      proxy: AT_HOME,
      expected: 61,
    },
    {
      name: "a rule that selects this workload before one for all",
      rules: [rule("a", 61), rule("b", 62, { workloadSelector: { matchLabels: { app: "me" } } })],
      proxy: { proxyLabels: { app: "me" } },
      expected: 62,
    },
    {
      name: "no rule that selects another workload",
      rules: [rule("a", 61), rule("b", 62, { workloadSelector: { matchLabels: { app: "you" } } })],
      proxy: { proxyLabels: { app: "me" } },
      expected: 61,
    },
  ];

  test.each(CHOICES)("$name", async ({ rules, proxy, expected }) => {
    const { ports } = await mesh.apply([service(ENDPOINTS), ...rules, toSubsets("s")], {
      proxy: { proxyNamespace: "default", ...proxy },
    });
    const response = await get(ports.get("mesh")!, { path: "/s" });
    expect(response.status === 503 ? "none" : answeredBy(response)).toBe(expected);
  });
});
