/** The promise of CONTRIBUTING.md: a folder imports only from those below it, types included, and no two files need each other. */

import { expect, test } from "vitest";
import { circles, importGraph, roomGraph, valueImports } from "./import-graph.ts";

/** From the ground up. What a folder is not named for belongs to the longest name that fits. */
const FLOORS = [
  "compiler/platform",
  "compiler/regex",
  "compiler/progress.ts",
  "compiler/binomial.ts",
  "compiler/lists",
  "compiler/diagnostics",
  "compiler/source",
  "compiler/http",
  "compiler/kubernetes",
  "compiler/ir",
  "compiler/options",
  "compiler/options.ts",
  "compiler/file-options.ts",
  "compiler/wrong-call.ts",
  "compiler/front",
  "compiler/back",
  "compiler/compile.ts",
  "compiler/last-good.ts",
  "compiler/held-object.ts",
  "compiler/answers",
  "compiler/run",
  "compiler/observe",
  "compiler/fleet",
  "compiler/export",
  "compiler/starter-rules.ts",
  "compiler/init.ts",
  "compiler/json-schemas.ts",
  "compiler/workspace.ts",
  "compiler/scope-worker.ts",
  "compiler/fleet-rules.ts",
  "compiler/controller",
  "compiler/one-shot.ts",
  "compiler/format.ts",
  "compiler/page",
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

/**
 * What the command line, the scripts, the fuzzers and the tests of answers need from behind the API, each with a reason:
 * a file that is not named here has the API and the command line's own folder.
 */
const BEHIND_THE_API: Readonly<Record<string, readonly string[]>> = {
  // The options of a proxy as text, which only a command line has.
  "compiler/cli/config-file.ts": [
    "compiler/file-options.ts",
    "compiler/options/kinds.ts",
    "compiler/source/bounded.ts",
    "compiler/source/inspect-tree.ts",
    "compiler/source/yaml.ts",
  ],
  // The pages of the documentation that are made from what they describe.
  "scripts/docs/cli-page.ts": ["compiler/file-options.ts", "compiler/options/option.ts"],
  "scripts/docs/codes-page.ts": ["compiler/diagnostics/codes.ts", "compiler/diagnostics/guide/index.ts"],
  "scripts/docs/options-table.ts": ["compiler/file-options.ts", "compiler/options/option.ts"],
  "scripts/docs/istio-pages-page.ts": ["compiler/diagnostics/codes.ts"],
  "scripts/docs/rules-page.ts": [
    "compiler/front/istio/unsupported.ts",
    "compiler/front/resources/schema/kinds.ts",
    "compiler/platform/package-root.ts",
  ],
  // A table of options, and a file with a token, which only a command line has.
  "compiler/cli/token-file.ts": ["compiler/fleet/identity/tokens.ts"],
  // Addresses of servers as text, which only a command line has.
  "compiler/cli/serve-relay.ts": ["compiler/fleet/join/server-address.ts"],
  "compiler/cli/bootstrap.ts": [
    "compiler/fleet/join/options.ts",
    "compiler/fleet/join/problem.ts",
    "compiler/options/option.ts",
  ],
  // Durations are written as they are in rules.
  "compiler/cli/run.ts": ["compiler/front/resources/schema/duration.ts"],
  "compiler/cli/tap.ts": ["compiler/front/resources/schema/duration.ts"],
  "compiler/cli/fleet.ts": ["compiler/front/resources/schema/duration.ts"],
  "compiler/cli/rollout-plan.ts": [
    "compiler/front/resources/schema/duration.ts",
    "compiler/options/kinds.ts",
  ],
  // The same of a cluster.
  "compiler/cli/kubernetes-options.ts": ["compiler/file-options.ts", "compiler/options/option.ts"],
  "compiler/cli/proxy-options.ts": [
    "compiler/file-options.ts",
    "compiler/options/option.ts",
    "compiler/options.ts",
  ],
  // A port for an Envoy that is still to be started.
  "scripts/demo/ports.ts": ["compiler/run/stand-in/free-port.ts"],
  // One order of texts everywhere.
  "scripts/demo/rules.ts": ["compiler/ir/text.ts"],
  // Plain values of YAML, and whether rules are right, thousands of times before the first input.
  "test/fuzz/corpus.ts": ["compiler/compile.ts", "compiler/source/parse.ts"],
  // The filter itself takes the programs that are made, and refuses damaged ones; resources by themselves.
  "test/fuzz/subjects/build.ts": [
    "compiler/answers/wasm-host/filter-vm.ts",
    "compiler/back/xds/consistency.ts",
    "compiler/platform/package-root.ts",
    "compiler/run/delivery/folder/build.ts",
  ],
  "test/fuzz/subjects/program.ts": [
    "compiler/answers/cases/testing.ts",
    "compiler/answers/wasm-host/filter-vm.ts",
    "compiler/back/program/encode.ts",
    "compiler/back/program/hash.ts",
    "compiler/back/program/pack.ts",
    "compiler/compile.ts",
    "compiler/platform/package-root.ts",
  ],
  // Many questions to one program: a call of the API makes the program anew.
  "test/fuzz/subjects/token.ts": [
    "compiler/answers/authenticate/authenticate.ts",
    "compiler/answers/authenticate/locations.ts",
    "compiler/answers/request/wire.ts",
    "compiler/ir/authentication.ts",
  ],
  "test/fuzz/subjects/explain.ts": [
    "compiler/answers/evaluate/evaluator.ts",
    "compiler/answers/explain/explain.ts",
    "compiler/answers/wasm-host/filter-vm.ts",
    "compiler/compile.ts",
    "compiler/platform/package-root.ts",
  ],
  "test/fuzz/subjects/cases.ts": [
    "compiler/answers/cases/coverage.ts",
    "compiler/answers/cases/offline.ts",
    "compiler/answers/cases/read.ts",
    "compiler/answers/cases/results.ts",
    "compiler/answers/cases/stand-in.ts",
    "compiler/answers/cases/testing.ts",
    "compiler/answers/evaluate/evaluator.ts",
    "compiler/answers/wasm-host/filter-vm.ts",
    "compiler/platform/package-root.ts",
  ],
};

const COMPILER = importGraph("compiler");
const ON_THE_API = importGraph("compiler/cli", "scripts", "test/fuzz", "test/answers");
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

test("the command line, scripts, fuzzers and tests of answers are written on the API", () => {
  const behind = [...ON_THE_API].flatMap(([file, imports]) =>
    imports
      .filter((target) => target.startsWith("compiler/") && target !== "compiler/index.ts")
      .filter((target) => !target.startsWith("compiler/cli/"))
      .map((target) => `${file} imports ${target}`),
  );
  const needed = Object.entries(BEHIND_THE_API).flatMap(([file, targets]) =>
    targets.map((target) => `${file} imports ${target}`),
  );
  expect(behind.sort()).toEqual(needed.sort());
});

test("the page in the browser has only types from outside of its folder: nothing else of the compiler runs there", () => {
  const browser = "compiler/page/browser/";
  const inside = [...COMPILER.keys()].filter((file) => file.startsWith(browser));
  const found = inside.flatMap((file) =>
    valueImports(file)
      .filter((target) => !target.startsWith(browser))
      .map((target) => `${file} imports ${target}`),
  );
  const used = [...COMPILER].flatMap(([file, imports]) =>
    file.startsWith(browser) ? [] : imports.filter((target) => target.startsWith(browser)),
  );
  expect(inside.length).toBeGreaterThan(20);
  expect([...found, ...used]).toEqual([]);
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
