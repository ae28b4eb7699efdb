import { expect, test } from "vitest";
import type { Places } from "../../../back/xds/places.ts";
import type { ResourceSet } from "../../../back/xds/resource-set.ts";
import { emitResources } from "../../../back/xds/resources.ts";
import { APART, INLINE, testCluster, testListener, testOptions } from "../../../back/xds/testing.ts";
import type { AdminClient } from "../../envoy/admin.ts";
import type { Step } from "../steps.ts";
import { Acknowledgement, expectedVersions } from "./acknowledgement.ts";
import { listVersion } from "./layout.ts";

interface Shape {
  readonly clusters: readonly string[];
  readonly rules?: number;
  readonly port?: number;
  readonly places?: Places;
}

const set = ({ clusters, rules = 1, port = 1, places = APART }: Shape): ResourceSet =>
  emitResources(
    {
      listeners: [testListener()],
      clusters: clusters.map((name) =>
        testCluster({ name, discovery: { kind: "eds", endpoints: [{ address: "a", port, weight: 1 }] } }),
      ),
    },
    testOptions({ places, blobs: new Map([["mesh", Uint8Array.of(rules)]]) }),
  );
const step = (from: Shape, to: Shape): Step => ({ name: "clusters", from: set(from), to: set(to) });
const statisticsOf = (one: Step) => expectedVersions(one).map(({ statistic }) => statistic);

test("what changes shows its version in the statistics of its subscription", () => {
  const one = step({ clusters: ["a:b"] }, { clusters: ["a:b"], rules: 2, port: 2 });
  const { to } = one;
  expect(expectedVersions(one)).toEqual([
    { statistic: "cluster.a_b.version_text", version: to.endpoints.get("a:b")?.version },
    {
      statistic: "extension_config_discovery.http_filter.mesh.version_text",
      version: to.extension.get("mesh")?.version,
    },
  ]);
  const added = step({ clusters: ["a"] }, { clusters: ["a", "b"] });
  // The new cluster's endpoints are asked for by nobody before it is there.
  expect(expectedVersions(added)).toEqual([
    { statistic: "cluster_manager.cds.version_text", version: listVersion(added.to.cluster) },
  ]);
});

test("lists change by what is removed, too", () => {
  expect(statisticsOf(step({ clusters: ["a", "b"] }, { clusters: ["a"] }))).toEqual([
    "cluster_manager.cds.version_text",
  ]);
  const [from, to] = [set({ clusters: [] }), { ...set({ clusters: [] }), listener: new Map() }];
  expect(statisticsOf({ name: "removal", from, to })).toEqual(["listener_manager.lds.version_text"]);
});

test("nobody waits for a subscription that begins or ends", () => {
  const [apart, inline] = [{ clusters: [] }, { clusters: [], places: INLINE, rules: 2 }];
  expect(statisticsOf(step(apart, inline))).toEqual(["listener_manager.lds.version_text"]);
  expect(statisticsOf(step(inline, apart))).toEqual(["listener_manager.lds.version_text"]);
});

/** Shows the version of all clusters from some look on, and what warms up or was rejected at each. */
function envoy(
  version: string,
  takenAt: number,
  stats: (look: number) => [string, number][],
  log: string[] = [],
) {
  let looks = -1;
  const admin = {
    stats: async () => new Map(stats(++looks)),
    get: async () => ({
      status: 200,
      body: `cluster_manager.cds.version_text: "${looks + 1 > takenAt ? version : ""}"\n`,
    }),
  } as unknown as AdminClient;
  return { envoy: { admin, log }, looks: () => looks };
}

const ADDED = step({ clusters: ["a"] }, { clusters: ["a", "b"] });
const VERSION = listVersion(ADDED.to.cluster);

test("a step is not over while what it brought warms up, whenever Envoy takes it", async () => {
  // Envoy takes the clusters after the first look that follows the write, and their endpoints four looks later.
  const { envoy: observed, looks } = envoy(VERSION, 1, (look) => [
    ["cluster_manager.warming_clusters", Number(look > 1 && look < 6)],
  ]);
  const acknowledgement = await Acknowledgement.expect(observed);
  expect(await acknowledgement.of(ADDED, 10_000)).toEqual({ accepted: true });
  expect(looks()).toBeGreaterThanOrEqual(6);
});

test("what was rejected is said in Envoy's words, or by the statistic that grew", async () => {
  const rejects = (look: number): [string, number][] => [
    ["cluster_manager.cds.update_rejected", look > 2 ? 5 : 4],
  ];
  const silent = await Acknowledgement.expect(envoy(VERSION, 99, rejects).envoy);
  expect(await silent.of(ADDED, 10_000)).toEqual({
    accepted: false,
    words: ["cluster_manager.cds.update_rejected grew"],
  });

  const log = ["[2026][1][error][config] of before"];
  const { envoy: talking } = envoy(VERSION, 99, rejects, log);
  const acknowledgement = await Acknowledgement.expect(talking);
  log.push("[2026][1][error][config] no such thing", "[2026][1][info][main] and so on");
  expect(await acknowledgement.of(ADDED, 10_000)).toEqual({
    accepted: false,
    words: ["[2026][1][error][config] no such thing"],
  });
});

test("an Envoy that says nothing is given up, with what it has not taken", async () => {
  const acknowledgement = await Acknowledgement.expect(envoy(VERSION, 99, () => []).envoy);
  expect(await acknowledgement.of(ADDED, 0)).toEqual({
    accepted: false,
    words: ["Envoy has not accepted it after 0 s: cluster_manager.cds.version_text"],
  });
});
