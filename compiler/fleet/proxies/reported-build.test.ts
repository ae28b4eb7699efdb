import fc from "fast-check";
import { expect, test } from "vitest";
import { resourcesOf } from "../../back/xds/resource-set.ts";
import { resourceSets } from "../../run/delivery/config-pairs.fixture.ts";
import type { LiveBuild } from "../../run/delivery/live-configuration.ts";
import { planSteps } from "../../run/delivery/steps.ts";
import { reportedBuild } from "./reported-build.ts";

test("a proxy that was left in any step of a change is taken to have all that its rules need", () => {
  fc.assert(
    fc.property(resourceSets(2), ([older, newer]) => {
      const [before, after] = [older, newer].map(
        (resources): LiveBuild => ({
          drain: { requestsMs: 0, clusters: new Map() },
          filtered: new Set(),
          bootstrap: {},
          resources: resources!,
        }),
      );
      for (const { to } of [{ to: older! }, ...planSteps(older!, newer!)]) {
        const reported = new Map(
          (["cluster", "endpoints", "listener", "routes", "extension", "secret"] as const).map((type) => [
            type,
            new Map([...to[type]].map(([name, { version }]) => [name, version])),
          ]),
        );
        const found = reportedBuild(reported, [after!, before!])?.resources;
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
