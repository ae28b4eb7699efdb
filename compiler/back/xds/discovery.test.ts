import { expect, test } from "vitest";
import { discoveryResponse, fileSource } from "./discovery.ts";
import { typed } from "./protobuf.ts";
import { testOptions } from "./testing.ts";

test("a subscription reads a file and watches the folder in which generations are swapped", () => {
  expect(fileSource("eds/a.json", testOptions()).path_config_source).toEqual({
    path: "/build/xds/eds/a.json",
    watched_directory: { path: "/build" },
  });
  expect(
    fileSource("a.json", testOptions({ watchedDirectory: "/watched" })).path_config_source.watched_directory,
  ).toEqual({ path: "/watched" });
});

test("the version follows the contents", () => {
  const version = (port: number) =>
    JSON.parse(discoveryResponse([typed("a.B", { port })])).version_info as string;
  expect(version(1)).toMatch(/^[0-9a-f]{16}$/);
  expect(version(1)).toBe(version(1));
  expect(version(1)).not.toBe(version(2));
});
