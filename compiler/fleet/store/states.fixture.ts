/** Generated states of a fleet, of builds that have much in common. */

import fc from "fast-check";
import { contentsOf, resourceSets } from "../../run/delivery/config-pairs.fixture.ts";
import type { LiveBuild } from "../../run/delivery/live-configuration.ts";
import { planSteps } from "../../run/delivery/steps.ts";
import type { FleetState, StoredRevision } from "./state.ts";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("\u0000", "\u00001", "\\u0000", "x".repeat(3_000), `\u0000${"y".repeat(2_000)}`),
);

const revision: fc.Arbitrary<StoredRevision> = fc.record({
  id: fc.string(),
  seen: fc.constant("2026-01-01T00:00:00.000Z"),
  state: fc.constantFrom("serving", "failed"),
  findings: fc.constant({ errors: 0, warnings: 1, infos: 0, strict: false }),
  sources: fc.array(fc.record({ path: text, text }), { maxLength: 5 }),
});

const builds: fc.Arbitrary<readonly LiveBuild[]> = fc
  .tuple(resourceSets(3), fc.integer({ min: 0, max: 9 }), text)
  .map(([sets, requestsMs, bootstrap]) =>
    sets.map((resources) => ({
      drain: { requestsMs, clusters: new Map([["mesh", new Set(resources.cluster.keys())]]) },
      filtered: new Set(["mesh"]),
      bootstrap: { bootstrap },
      resources,
    })),
  );

export const fleetState: fc.Arbitrary<FleetState> = fc
  .tuple(
    fc.array(revision, { maxLength: 4 }),
    builds,
    fc.option(fc.string(), { nil: undefined }),
    fc.option(fc.record({ wave: fc.nat(), words: fc.array(text) }), { nil: undefined }),
  )
  .map(([revisions, all, serving, rollout]) => ({
    revisions,
    builds: all.map((build, index) => ({ revision: String(index % 2), scope: `scope ${index}`, build })),
    ...(serving !== undefined && { serving }),
    ...(rollout !== undefined && { rollout }),
  }));

/** As plain data: resources by their versions. */
export function plain(state: FleetState | undefined): unknown {
  return (
    state && {
      ...state,
      builds: state.builds.map(({ revision, scope, build }) => ({
        revision,
        scope,
        drain: { ms: build.drain.requestsMs, clusters: [...build.drain.clusters].map(([k, v]) => [k, ...v]) },
        filtered: [...build.filtered],
        bootstrap: build.bootstrap,
        resources: contentsOf(build.resources),
      })),
    }
  );
}

/** How a change from one build to another goes, as text. */
export function planOf(from: LiveBuild, to: LiveBuild): unknown {
  return planSteps(from.resources, to.resources).map(({ name, to }) => [name, contentsOf(to)]);
}
