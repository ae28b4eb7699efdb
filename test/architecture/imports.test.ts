/** The promise of CONTRIBUTING.md: a folder imports only from those below it, types included, and no two files need each other. */

import { expect, test } from "vitest";
import { circles, importGraph, roomGraph } from "./import-graph.ts";

/** From the ground up. What a folder is not named for belongs to the longest name that fits. */
const FLOORS = [
  "compiler/platform",
  "compiler/regex",
  "compiler/progress.ts",
  "compiler/diagnostics",
  "compiler/source",
  "compiler/ir",
  "compiler/options",
  "compiler/options.ts",
  "compiler/file-options.ts",
  "compiler/wrong-call.ts",
  "compiler/front",
  "compiler/back",
  "compiler/compile.ts",
  "compiler/answers",
  "compiler/run",
  "compiler/export",
  "compiler/json-schemas.ts",
  "compiler/workspace.ts",
  "compiler/one-shot.ts",
  "compiler/format.ts",
  "compiler/index.ts",
  "compiler/cli",
];

/** The way of the data inside of a room, where it has folders of its own. */
const FLOORS_INSIDE: Readonly<Record<string, readonly string[]>> = {
  "compiler/diagnostics": [
    "compiler/diagnostics",
    "compiler/diagnostics/guide",
    "compiler/diagnostics/render",
  ],
  "compiler/front": ["compiler/front/resources", "compiler/front/services", "compiler/front/istio"],
};

const COMPILER = importGraph("compiler");
const FILTER = importGraph("filter");

function floorOf(file: string, floors: readonly string[]): number {
  return floors.findLastIndex((floor) => file === floor || file.startsWith(`${floor}/`));
}

function upward(floors: readonly string[], under = ""): string[] {
  const found: string[] = [];
  for (const [file, imports] of COMPILER) {
    for (const target of imports) {
      if (!file.startsWith(under) || !target.startsWith(under) || !target.startsWith("compiler/")) {
        continue;
      }
      if (floorOf(target, floors) > floorOf(file, floors)) {
        found.push(`${file} imports ${target}`);
      }
    }
  }
  return found;
}

test("every file of the compiler stands on a floor", () => {
  expect([...COMPILER.keys()].filter((file) => floorOf(file, FLOORS) < 0)).toEqual([]);
});

test("the compiler imports downwards only", () => {
  expect(upward(FLOORS)).toEqual([]);
});

test.each(Object.entries(FLOORS_INSIDE))("%s imports downwards only, inside too", (room, floors) => {
  expect(upward(floors, `${room}/`)).toEqual([]);
});

test("of the filter the compiler imports layouts and hashes, which both sides must share", () => {
  const outside = [...COMPILER].flatMap(([file, imports]) =>
    imports.filter((target) => !target.startsWith("compiler/")).map((target) => `${file} imports ${target}`),
  );
  expect(outside.filter((line) => !/ filter\/(.*\/)?layout\.ts$/.test(line))).toEqual([]);
});

test("no two folders import each other", () => {
  const graph = new Map([...roomGraph(COMPILER), ...roomGraph(FILTER)]);
  const mutual = [...graph].flatMap(([room, others]) =>
    others
      .filter((other) => room < other && graph.get(other)?.includes(room))
      .map((other) => `${room} and ${other}`),
  );
  expect(mutual).toEqual([]);
});

test("no files import each other in a circle", () => {
  expect(circles(new Map([...COMPILER, ...FILTER]))).toEqual([]);
});
