import { expect, test } from "vitest";
import { inconsistenciesOf } from "./consistency.ts";
import type { ResourceSet } from "./resource-set.ts";
import { emitResources, resourceWithClasses } from "./resources.ts";
import { testCluster, testListener, testOptions } from "./testing.ts";

const SET = emitResources({ listeners: [testListener()], clusters: [testCluster()] }, testOptions());
const NONE = new Map<string, never>();

const findings = (more: Partial<ResourceSet>) =>
  inconsistenciesOf({ ...SET, ...more }).map((one) =>
    one.kind === "missing"
      ? `${one.by.type} ${one.by.name} misses ${one.type} ${one.name}`
      : `nobody names ${one.resource.type} ${one.resource.name}`,
  );

test("what was emitted at once is consistent", () => {
  expect(findings({})).toEqual([]);
});

test("endpoints and their cluster", () => {
  const name = "outbound|80||a.example";
  expect(findings({ endpoints: NONE })).toEqual([`cluster ${name} misses endpoints ${name}`]);
  expect(findings({ cluster: NONE })).toEqual([`nobody names endpoints ${name}`]);
});

test("what a listener decides from, and the listener", () => {
  expect(findings({ routes: NONE })).toEqual(["listener mesh misses routes mesh"]);
  expect(findings({ extension: NONE })).toEqual(["listener mesh misses extension mesh"]);
  expect(findings({ listener: NONE })).toEqual(["nobody names routes mesh", "nobody names extension mesh"]);
});

test("the classes that a program names", () => {
  const routes = new Map([["mesh", resourceWithClasses(SET.routes.get("mesh")!, new Map())]]);
  expect(findings({ routes })).toEqual(["extension mesh misses class retry"]);
});
