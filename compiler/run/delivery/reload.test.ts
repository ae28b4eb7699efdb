import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import type { AdminClient } from "../envoy/admin.ts";
import { planSteps, reload } from "./reload.ts";

interface Shape {
  readonly clusters: Record<string, string>;
  readonly listeners: Record<string, string>;
  /** Version of each listener's rules. */
  readonly rules: Record<string, string>;
}

function build({ clusters, listeners, rules }: Shape): Map<string, string> {
  const response = (resources: object[]) =>
    JSON.stringify({ version_info: JSON.stringify(resources).replaceAll('"', ""), resources });
  const files = new Map<string, string>();
  const named = (items: Record<string, string>) => Object.entries(items).map(([name, v]) => ({ name, v }));
  files.set("envoy.json", "{}");
  files.set("xds/cds.json", response(named(clusters)));
  files.set("xds/lds.json", response(named(listeners)));
  for (const [name, v] of Object.entries(clusters)) {
    files.set(`xds/eds/${name}.json`, response([{ cluster_name: name, v }]));
  }
  for (const [name, v] of Object.entries(rules)) {
    files.set(`xds/ecds/${name}.json`, response([{ name, v }]));
  }
  return files;
}

/** What each step has, as `name=version` lists. */
function shapes(oldShape: Shape, newShape: Shape) {
  return planSteps(build(oldShape), build(newShape)).map(({ name, files }) => {
    const list = (file: string) =>
      (JSON.parse(String(files.get(file))).resources as { name: string; v: string }[])
        .map((resource) => `${resource.name}=${resource.v}`)
        .sort()
        .join(" ");
    const rules = [...files.keys()].filter((file) => file.startsWith("xds/ecds/")).map(list);
    return [name, list("xds/cds.json"), list("xds/lds.json"), rules.sort().join(" ")];
  });
}

const OLD: Shape = {
  clusters: { a: "1", b: "1" },
  listeners: { gone: "1", mesh: "1" },
  rules: { gone: "1", mesh: "1" },
};

test("everything new comes before it is used, and goes after", () => {
  const next: Shape = {
    clusters: { b: "2", c: "1" },
    listeners: { mesh: "2", fresh: "1" },
    rules: { mesh: "2", fresh: "1" },
  };
  expect(shapes(OLD, next)).toEqual([
    ["clusters", "a=1 b=2 c=1", "gone=1 mesh=1", "fresh=1 gone=1 mesh=1"],
    ["listeners", "a=1 b=2 c=1", "fresh=1 gone=1 mesh=2", "fresh=1 gone=1 mesh=1"],
    ["rules", "a=1 b=2 c=1", "fresh=1 gone=1 mesh=2", "fresh=1 gone=1 mesh=2"],
    // A listener that drains goes on reading its rules.
    ["removal", "b=2 c=1", "fresh=1 mesh=2", "fresh=1 gone=1 mesh=2"],
    ["removal", "b=2 c=1", "fresh=1 mesh=2", "fresh=1 gone=1 mesh=2"],
  ]);
});

test("what a drained listener leaves is no change of its own", () => {
  const next: Shape = { ...OLD, listeners: { mesh: "1" }, rules: { mesh: "1" } };
  const last = planSteps(build(OLD), build(next)).at(-1);
  expect(last?.files.has("xds/ecds/gone.json")).toBe(true);
  expect(planSteps(last!.files, build(next))).toEqual([]);
});

test("a change of rules alone is one step", () => {
  expect(shapes(OLD, { ...OLD, rules: { gone: "1", mesh: "2" } })).toEqual([
    ["rules", "a=1 b=1", "gone=1 mesh=1", "gone=1 mesh=2"],
  ]);
});

test("a change of endpoints alone is one step", () => {
  expect(shapes(OLD, { ...OLD, clusters: { a: "1", b: "2" } }).map(([name]) => name)).toEqual(["clusters"]);
});

test("equal builds have no steps", () => {
  expect(planSteps(build(OLD), build(OLD))).toEqual([]);
});

test("route classes: new ones before the rules that name them, old ones until those are gone", () => {
  const withClasses = (version: string, ...classes: string[]) => {
    const files = build({ ...OLD, rules: { gone: "1", mesh: version } });
    const map = Object.fromEntries(classes.map((name) => [name, {}]));
    const routes = { virtual_hosts: [{ matcher: { matcher_tree: { exact_match_map: { map } } } }] };
    files.set("xds/rds/mesh.json", JSON.stringify({ version_info: classes.join(), resources: [routes] }));
    return files;
  };
  const steps = planSteps(withClasses("1", "a", "b"), withClasses("2", "b", "c")).map(({ name, files }) => {
    const routes = JSON.parse(String(files.get("xds/rds/mesh.json"))).resources[0].virtual_hosts[0];
    const rules = JSON.parse(String(files.get("xds/ecds/mesh.json"))).resources[0].v;
    return [name, Object.keys(routes.matcher.matcher_tree.exact_match_map.map).sort().join(), rules];
  });
  expect(steps).toEqual([
    ["listeners", "a,b,c", "1"],
    ["rules", "a,b,c", "2"],
    ["removal", "b,c", "2"],
  ]);
});

test("a step is not over while what it brought warms up, whenever Envoy takes it", async () => {
  const [oldFiles, newFiles] = [OLD, { ...OLD, clusters: { ...OLD.clusters, c: "1" } }].map(build);
  const version: string = JSON.parse(newFiles!.get("xds/cds.json")!).version_info;
  // Envoy takes the new clusters after the first look that follows the write, and their endpoints four looks later.
  let looks = -1;
  const look = () => ++looks;
  const warming = () => Number(looks > 1 && looks < 6);
  const admin = {
    stats: async () => {
      look();
      return new Map([["cluster_manager.warming_clusters", warming()]]);
    },
    get: async () => {
      const taken = look() > 1;
      return { status: 200, body: `cluster_manager.cds.version_text: "${taken ? version : ""}"\n` };
    },
  } as unknown as AdminClient;
  const directory = await mkdtemp(path.join(os.tmpdir(), "sluice-reload-"));
  try {
    const options = { directory, oldFiles: oldFiles!, newFiles: newFiles! };
    const result = await reload({ admin, log: [] }, options);
    expect(result).toMatchObject({ kind: "reloaded", removed: true });
    expect(looks).toBeGreaterThanOrEqual(6);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
