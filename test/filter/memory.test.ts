/**
 * What a routing program takes in the memory of a worker that has loaded it. The filter runs in Node as it does in
 * Envoy: the same module, the same linear memory.
 */

import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { FilterVm, loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { encodeProgram } from "../../compiler/back/program/encode.ts";
import { unpackProgram } from "../../compiler/back/program/pack.ts";
import { filterModulePath } from "../../compiler/platform/package-root.ts";
import { SHAPES } from "../bench/shapes.ts";

const RULES = 10_000;
const PAGE_BYTES = 65_536;
const RELOADS = 20;

const filter = loadFilter(pathToFileURL(filterModulePath()));

const blobOf = (shape: string, rules = RULES) => encodeProgram(SHAPES.get(shape)!.rules(rules));

function configure(vm: FilterVm, blob: Uint8Array): number {
  const root = vm.configure(blob);
  if (root === undefined) {
    throw new Error(vm.log.map(({ text }) => text).join("\n"));
  }
  return root;
}

test.each([
  ["exact", RULES],
  ["nested-prefix", RULES],
  ["three-headers", RULES],
  ["mix", RULES],
  ["adversary", RULES],
  ["regex", 1_000],
])("a worker takes at most twice the program: %s, %i rules", (shape, rules) => {
  const blob = blobOf(shape, rules);
  const vm = new FilterVm(filter, 1);
  const empty = configure(vm, encodeProgram({ ignorePortInHost: true, virtualHosts: [] }));
  const before = vm.memoryPages;
  configure(vm, blob);
  vm.deleteRoot(empty);
  // Memory grows by whole pages.
  expect((vm.memoryPages - before - 1) * PAGE_BYTES).toBeLessThanOrEqual(2 * unpackProgram(blob)!.length);
});

test("a worker takes no more after many reloads than with two programs, the old one and the new", () => {
  const vm = new FilterVm(filter, 1);
  const [one, other] = [blobOf("mix"), blobOf("mix", RULES - 1)];
  let root = configure(vm, one);
  const reload = (blob: Uint8Array) => {
    const next = configure(vm, blob);
    vm.deleteRoot(root);
    root = next;
  };
  reload(other);
  const afterOne = vm.memoryPages;
  for (let i = 0; i < RELOADS; i++) {
    reload(i % 2 === 0 ? one : other);
  }
  expect(vm.memoryPages).toBe(afterOne);
});
