import fc from "fast-check";
import { expect, test } from "vitest";
import { type ResourceSet, type ResourceType, resourcesOf } from "../../back/xds/resource-set.ts";
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
