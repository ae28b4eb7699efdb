/**
 * Requests that wait for a delay and end before it is over, in any order with those that stay: none waits longer or
 * shorter for it, nothing ticks when nobody waits, and nothing of them is left in the filter's memory.
 */

import fc from "fast-check";
import { expect, test } from "vitest";
import { FilterVm, loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { encodeProgram } from "../../compiler/back/program/encode.ts";
import { exact, route, table } from "../../compiler/back/program/rules.fixture.ts";
import type { Route } from "../../compiler/ir/ir.ts";

const FILTER = loadFilter(new URL("../../dist/filter.wasm", import.meta.url));
const DELAYS_MS = [1, 2, 5, 5, 9, 40];

const program = encodeProgram(
  table({
    "*": DELAYS_MS.map(
      (fixedMs, i): Route =>
        route(exact(`/${i}`), "c", { fault: { delay: { fixedMs, perMillion: 1_000_000 } } }),
    ),
  }),
);

type Step =
  | { readonly kind: "come"; readonly delay: number }
  | { readonly kind: "leave"; readonly which: number }
  | { readonly kind: "advance"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant("come" as const), delay: fc.nat(5) }), weight: 5 },
  { arbitrary: fc.record({ kind: fc.constant("leave" as const), which: fc.nat(1000) }), weight: 3 },
  {
    arbitrary: fc.record({ kind: fc.constant("advance" as const), ms: fc.integer({ min: 1, max: 6 }) }),
    weight: 1,
  },
);

test("each waits until its own time, whoever else leaves", () => {
  const vm = new FilterVm(FILTER);
  const root = vm.configure(program)!;
  let stayed = 0;
  let left = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 200 }), (steps) => {
      const waiting = new Map<number, number>();
      let now = 0;
      const advance = (ms: number) => {
        now += ms;
        vm.advance(root, ms);
        for (const [id, due] of waiting) {
          expect(vm.waits(id)).toBe(due > now);
          if (due > now) {
            continue;
          }
          vm.end(id);
          waiting.delete(id);
          stayed += 1;
        }
        expect(vm.tickOf(root) === 0).toBe(waiting.size === 0);
      };
      for (const one of steps) {
        if (one.kind === "come") {
          const id = vm.begin(root, { authority: "a", path: `/${one.delay}` });
          waiting.set(id, now + DELAYS_MS[one.delay]!);
        } else if (one.kind === "advance") {
          advance(one.ms);
        } else if (waiting.size > 0) {
          const id = [...waiting.keys()][one.which % waiting.size]!;
          vm.end(id);
          waiting.delete(id);
          left += 1;
        }
        if (waiting.size > 0) {
          expect(vm.tickOf(root)).toBeGreaterThan(0);
          expect(vm.tickOf(root)).toBeLessThanOrEqual(Math.min(...waiting.values()) - now);
        }
      }
      advance(50);
      expect(waiting.size).toBe(0);
    }),
    { numRuns: 500, seed: 5 },
  );
  expect(Math.min(stayed, left)).toBeGreaterThan(2000);
});

test("a hundred thousand that leave take no memory with them", () => {
  const vm = new FilterVm(FILTER);
  const root = vm.configure(program)!;
  const wave = () => {
    const ids = Array.from({ length: 1000 }, (_, i) =>
      vm.begin(root, { authority: "a", path: `/${i % DELAYS_MS.length}` }),
    );
    for (const [i, id] of ids.entries()) {
      if (i % 3 !== 0) {
        vm.end(id);
      }
    }
    for (const [i, id] of ids.entries()) {
      if (i % 3 === 0) {
        vm.end(id);
      }
    }
    vm.advance(root, 1);
    expect(vm.tickOf(root)).toBe(0);
  };
  wave();
  const before = { allocations: vm.heapAllocations, pages: vm.memoryPages };
  for (let i = 0; i < 100; i++) {
    wave();
  }
  expect({ allocations: vm.heapAllocations, pages: vm.memoryPages }).toEqual(before);
});
