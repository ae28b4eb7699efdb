import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inconsistenciesOf } from "../../back/xds/consistency.ts";
import type { Resource, ResourceSet } from "../../back/xds/resource-set.ts";
import { emitResources } from "../../back/xds/resources.ts";
import { testCluster, testListener, testOptions, testRoute } from "../../back/xds/testing.ts";
import { CLUSTERS, contentsOf, resourceSets } from "./config-pairs.fixture.ts";
import { differenceOf } from "./difference.ts";
import { planRemoval } from "./removal.ts";
import { planSteps } from "./steps.ts";

interface Shape {
  readonly clusters: Readonly<Record<string, number>>;
  /** Port of each listener, and version of its rules. */
  readonly listeners: Readonly<Record<string, readonly [port: number, rules: number]>>;
}

function build({ clusters, listeners }: Shape): ResourceSet {
  const names = Object.entries(listeners);
  return emitResources(
    {
      clusters: Object.entries(clusters).map(([name, port]) =>
        testCluster({ name, discovery: { kind: "eds", endpoints: [{ address: "a", port, weight: 1 }] } }),
      ),
      listeners: names.map(([name, [port]]) => testListener([], { name, port })),
    },
    testOptions({ blobs: new Map(names.map(([name, [, rules]]) => [name, Uint8Array.of(rules)])) }),
  );
}

const endpointsIn = ({ endpoints }: ResourceSet) =>
  [...endpoints.values()].map(
    ({ name, message }) => `${name}=${JSON.stringify(message).match(/"port_value":(\d+)/)?.[1]}`,
  );
const listenersIn = ({ listener }: ResourceSet) =>
  [...listener.values()].map(
    ({ name, message }) => `${name}=${JSON.stringify(message).match(/"port_value":(\d+)/)?.[1]}`,
  );
const rulesIn = ({ extension }: ResourceSet) =>
  [...extension.values()].map(
    ({ name, message }) =>
      `${name}=${Buffer.from(message.typed_config.config.configuration.value, "base64")[0]}`,
  );
const listed = (items: readonly string[]) => [...items].sort().join(" ");

/** What each step has. */
function shapes(before: Shape, after: Shape) {
  return planSteps(build(before), build(after)).map(({ name, to }) => [
    name,
    listed([...to.cluster.keys()]),
    listed(endpointsIn(to)),
    listed(listenersIn(to)),
    listed(rulesIn(to)),
  ]);
}

const OLD: Shape = {
  clusters: { a: 1, b: 1 },
  listeners: { gone: [1, 1], mesh: [1, 1] },
};

test("everything new comes before it is used, and goes after", () => {
  const next: Shape = {
    clusters: { b: 2, c: 1 },
    listeners: { mesh: [2, 2], fresh: [1, 1] },
  };
  expect(shapes(OLD, next)).toEqual([
    ["clusters", "a b c", "a=1 b=2 c=1", "gone=1 mesh=1", "gone=1 mesh=1"],
    ["listeners", "a b c", "a=1 b=2 c=1", "fresh=1 gone=1 mesh=2", "fresh=1 gone=1 mesh=1"],
    ["rules", "a b c", "a=1 b=2 c=1", "fresh=1 gone=1 mesh=2", "fresh=1 gone=1 mesh=2"],
  ]);
});

test("a listener that comes back while its connections drain has its new rules from the start", () => {
  const before = build(OLD);
  const next = build({ ...OLD, listeners: { mesh: [1, 1] } });
  expect(planSteps(before, next)).toEqual([]);
  const left = planRemoval(before, next, ({ type }) => type !== "listener")!.to;
  expect([...left.listener.keys()]).toEqual(["mesh"]);
  expect(rulesIn(left)).toEqual(["mesh=1", "gone=1"]);
  const again = build({ ...OLD, listeners: { gone: [1, 9], mesh: [1, 1] } });
  expect(
    planSteps(left, again).map(({ name, to }) => [name, listed(listenersIn(to)), listed(rulesIn(to))]),
  ).toEqual([["listeners", "gone=1 mesh=1", "gone=9 mesh=1"]]);
});

test("a change of rules alone is one step", () => {
  const steps = shapes(OLD, { ...OLD, listeners: { gone: [1, 1], mesh: [1, 2] } });
  expect(steps).toEqual([["rules", "a b", "a=1 b=1", "gone=1 mesh=1", "gone=1 mesh=2"]]);
});

test("a change of endpoints alone is one step", () => {
  expect(shapes(OLD, { ...OLD, clusters: { a: 1, b: 2 } }).map(([name]) => name)).toEqual(["clusters"]);
});

test("equal sets have no steps", () => {
  expect(planSteps(build(OLD), build(OLD))).toEqual([]);
});

test("route classes: new ones before the rules that name them, old ones until those are gone", () => {
  const withClasses = (rules: number, ...prefixes: string[]) => {
    const routes = prefixes.map((statPrefix) => testRoute({ statPrefix }));
    return emitResources(
      { listeners: [testListener(routes)], clusters: [testCluster()] },
      testOptions({ blobs: new Map([["mesh", Uint8Array.of(rules)]]) }),
    );
  };
  const [before, after] = [withClasses(1, "a", "b"), withClasses(2, "b", "c")];
  const classesIn = ({ routes }: ResourceSet) => [...(routes.get("mesh")?.classes?.keys() ?? [])];
  const [old, next] = [classesIn(before), classesIn(after)];
  const all = new Set([...old, ...next]);
  // Whatever forwards has the class that retries.
  expect([...all].length - 1).toBe(3);
  expect(planSteps(before, after).map(({ name, to }) => [name, listed(classesIn(to)), rulesIn(to)])).toEqual([
    ["listeners", listed([...all]), ["mesh=1"]],
    ["rules", listed([...all]), ["mesh=2"]],
  ]);
});

/** The clusters that a resource's rules name. */
function clustersNamedBy({ message }: Resource): string[] {
  const text = JSON.stringify(message);
  const program = /"google.protobuf.BytesValue","value":"([^"]*)"/.exec(
    text.replace("type.googleapis.com/", ""),
  );
  const whole = text + Buffer.from(program?.[1] ?? "", "base64").toString();
  return CLUSTERS.filter((name) => whole.includes(`"${name}"`));
}

/** Clusters that the rules of a listener name, and that are not there. */
function clustersMissingIn(set: ResourceSet): string[] {
  const listeners = [...set.listener.values()];
  const rules = listeners.flatMap(({ needs }) =>
    needs.flatMap(({ type, name }) =>
      type === "routes" || type === "extension" ? (set[type].get(name) ?? []) : [],
    ),
  );
  return [...listeners, ...rules].flatMap(clustersNamedBy).filter((name) => !set.cluster.has(name));
}

describe("from any set to any other", () => {
  test("whatever a step's resources name is there, its clusters among it", () => {
    fc.assert(
      fc.property(resourceSets(2), ([before, after]) => {
        for (const { to } of planSteps(before!, after!)) {
          expect(inconsistenciesOf(to).filter(({ kind }) => kind === "missing")).toEqual([]);
          expect(clustersMissingIn(to)).toEqual([]);
        }
      }),
    );
  });

  test("a listener that stays has the old rules or the new ones at each step, and never the old ones again", () => {
    fc.assert(
      fc.property(resourceSets(2), ([before, after]) => {
        for (const type of ["extension", "routes"] as const) {
          for (const [name, newer] of after![type]) {
            const older = before![type].get(name);
            if (older === undefined || newer.classes !== undefined || !before!.listener.has(name)) {
              continue;
            }
            const seen = planSteps(before!, after!).map(({ to }) => to[type].get(name)?.version);
            const [first, last] = [older.version, newer.version];
            expect(seen.every((version) => version === first || version === last)).toBe(true);
            expect(seen.lastIndexOf(first)).toBeLessThan(first === last ? seen.length : seen.indexOf(last));
          }
        }
      }),
    );
  });

  test("they follow one another, and end with all of the new set beside the old one", () => {
    fc.assert(
      fc.property(resourceSets(2), ([before, after]) => {
        const steps = planSteps(before!, after!);
        expect(steps.map(({ from }) => from)).toEqual(
          [before, ...steps.map(({ to }) => to)].slice(0, steps.length),
        );
        const end = steps.at(-1)?.to ?? before!;
        expect(
          differenceOf(end, after!).changed.filter(({ type }) => type !== "routes" && type !== "listener"),
        ).toEqual([]);
        expect(planRemoval(end, after!, () => false)?.to ?? end).toEqual(after);
        expect(planSteps(end, after!)).toEqual([]);
      }),
    );
  });

  test("a step undone gives the old set, whichever it is", () => {
    fc.assert(
      fc.property(resourceSets(2), ([before, after]) => {
        for (const { to } of planSteps(before!, after!)) {
          const { changed, removed } = differenceOf(to, before!);
          const gone = new Set(removed.map(({ type, name }) => `${type} ${name}`));
          const put = new Map(changed.map(({ type, name, version }) => [`${type} ${name}`, version]));
          const undone = contentsOf(to)
            .map((line) => [line.slice(0, line.lastIndexOf(" ")), line.slice(line.lastIndexOf(" ") + 1)])
            .filter(([id]) => !gone.has(id!) && !put.has(id!));
          expect([...undone, ...put].map(([id, version]) => `${id} ${version}`).sort()).toEqual(
            contentsOf(before!),
          );
        }
      }),
    );
  });

  test("what an earlier change left over, and what was removed of it, harms no later one", () => {
    fc.assert(
      fc.property(resourceSets(3), fc.boolean(), ([first, second, third], everythingGoes) => {
        const left = planSteps(first!, second!).at(-1)?.to ?? first!;
        const removed = planRemoval(left, second!, ({ type }) => type === "cluster" && !everythingGoes);
        for (const { to } of [...(removed ? [removed] : []), ...planSteps(removed?.to ?? left, third!)]) {
          expect(clustersMissingIn(to)).toEqual([]);
        }
      }),
    );
  });
});
