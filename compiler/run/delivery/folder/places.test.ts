import { expect, test } from "vitest";
import { testCluster, testListener } from "../../../back/xds/testing.ts";
import { folderPlaces } from "./places.ts";
import { MAX_ENDPOINT_FILES, MAX_LISTENER_FILES } from "./subscriptions.ts";

test("a subscription reads a file and watches the folder in which generations are swapped", () => {
  const places = folderPlaces({ listeners: [], clusters: [] }, "/build");
  expect(places.listeners.path_config_source).toEqual({
    path: "/build/xds/lds.json",
    watched_directory: { path: "/build" },
  });
  expect(places.clusters.path_config_source.path).toBe("/build/xds/cds.json");
  expect(places.sourceOf("endpoints", "a")?.path_config_source.path).toBe("/build/xds/eds/a.json");
  expect(places.sourceOf("routes", "mesh")?.path_config_source.path).toBe("/build/xds/rds/mesh.json");
  expect(places.sourceOf("extension", "mesh")?.path_config_source.path).toBe("/build/xds/ecds/mesh.json");
  expect(places.sourceOf("secret", "b")?.path_config_source.path).toBe("/build/xds/sds/b.json");
  expect(places.module).toEqual({ local: { filename: "/build/filter.wasm" } });
});

test("above what Envoy can watch, nothing of a kind has a file", () => {
  const many = (count: number, what: (name: string) => object) =>
    Array.from({ length: count + 1 }, (_, i) => what(`n${i}`)) as never;
  const places = folderPlaces(
    {
      clusters: many(MAX_ENDPOINT_FILES, (name) => testCluster({ name })),
      listeners: many(MAX_LISTENER_FILES, (name) => testListener([], { name })),
    },
    "/build",
  );
  expect(places.sourceOf("endpoints", "n0")).toBeUndefined();
  expect(places.sourceOf("routes", "n0")).toBeUndefined();
  expect(places.sourceOf("extension", "n0")).toBeUndefined();
  expect(places.sourceOf("secret", "n0")).toBeDefined();
});
