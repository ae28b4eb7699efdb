import fc from "fast-check";
import { expect, test } from "vitest";
import { namedIn, type ResourceSet, type ResourceType, resourcesOf } from "../../back/xds/resource-set.ts";
import { resourceSets } from "../../run/delivery/config-pairs.fixture.ts";
import type { LiveBuild } from "../../run/delivery/live-configuration.ts";
import { planSteps } from "../../run/delivery/steps.ts";
import { type Reported, reportedBuild } from "./reported-build.ts";

const buildOf = (resources: ResourceSet): LiveBuild => ({
  drain: { requestsMs: 0, clusters: new Map() },
  filtered: new Set(),
  bootstrap: {},
  resources,
});

function reportOf(set: ResourceSet, without: readonly ResourceType[] = []): Reported {
  const types = (Object.keys(set) as ResourceType[]).filter((type) => !without.includes(type));
  return new Map(
    types.map((type) => [type, new Map([...set[type]].map(([name, { version }]) => [name, version]))]),
  );
}

test("a proxy that was left in any step of a change is taken to have all that its rules need", () => {
  fc.assert(
    fc.property(resourceSets(2), ([older, newer]) => {
      const known = [buildOf(newer!), buildOf(older!)];
      for (const { to } of [{ to: older! }, ...planSteps(older!, newer!)]) {
        const found = reportedBuild(reportOf(to), known)?.resources;
        for (const { type, name, version, classes } of resourcesOf(to)) {
          const one = found?.[type].get(name);
          if (type === "routes" && classes !== undefined && one?.classes !== undefined) {
            expect([...one.classes.keys()]).toEqual(expect.arrayContaining([...classes.keys()]));
          } else if (type !== "listener") {
            expect(one?.version).toBe(version);
          }
        }
      }
    }),
    { numRuns: 50 },
  );
});

test("a proxy that waits for endpoints, and so says nothing of its clusters, is taken to have all that are known", () => {
  fc.assert(
    fc.property(resourceSets(2), ([older, newer]) => {
      const known = [buildOf(older!), buildOf(newer!)];
      // The new clusters have come, and their endpoints have not.
      const [{ to } = { to: older! }] = planSteps(older!, newer!);
      const found = reportedBuild(reportOf({ ...to, endpoints: older!.endpoints }, ["cluster"]), known);
      if (found !== undefined) {
        expect([...found.resources.cluster.keys()]).toEqual(expect.arrayContaining([...to.cluster.keys()]));
        expect([...found.resources.endpoints.keys()]).toEqual(
          expect.arrayContaining([...to.endpoints.keys()]),
        );
      }
    }),
    { numRuns: 50 },
  );
});

test("a cluster that no revision knows is kept beside, with its endpoints; a listener is not", () => {
  fc.assert(
    fc.property(resourceSets(1), ([set]) => {
      const report = new Map([
        ...reportOf(set!),
        ["cluster" as const, new Map([["old", "1"]])],
        ["endpoints" as const, new Map([["old", "2"]])],
        ["listener" as const, new Map([["old", "3"]])],
      ]);
      const found = reportedBuild(report, [buildOf(set!)])!.resources;
      expect(found.cluster.get("old")).toMatchObject({ type: "cluster", version: "1" });
      expect(found.endpoints.get("old")).toMatchObject({ type: "endpoints", version: "2" });
      expect(found.listener.has("old")).toBe(false);
    }),
    { numRuns: 20 },
  );
});

test("rules that no revision has stay, with the classes that they name, until the clusters of others are there", () => {
  fc.assert(
    fc.property(resourceSets(2), ([mine, theirs]) => {
      const found = reportedBuild(reportOf(theirs!), [buildOf(mine!)])?.resources;
      for (const [name, { version }] of theirs!.extension) {
        expect(found?.extension.get(name)?.version).toBe(version);
        if (mine!.extension.get(name)?.version !== version) {
          expect(found?.routes.get(name)?.version).toBe(theirs!.routes.get(name)?.version);
        }
      }
      const steps = found === undefined ? [] : planSteps(found, mine!);
      for (const { to } of steps.filter(({ name }) => name === "clusters" || name === "listeners")) {
        // Where a listener that serves reads them.
        for (const [name, { version }] of theirs!.extension) {
          if (namedIn(found!).has(`extension ${name}`)) {
            expect(to.extension.get(name)?.version).toBe(version);
          }
        }
      }
    }),
    { numRuns: 50 },
  );
});
