/** Claims of tokens in the filter: what it finds is what the reference finds, whatever a token says. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { naiveRoute } from "../../compiler/answers/evaluate/trial.ts";
import type { Claims, Json } from "../../compiler/answers/request/claims.ts";
import { FilterVm, loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { encodeProgram } from "../../compiler/back/program/encode.ts";
import {
  exact,
  prefix,
  present,
  regex,
  route,
  table,
  to,
} from "../../compiler/back/program/rules.fixture.ts";
import { claimName } from "../../compiler/ir/authentication.ts";
import type { HeaderMatch, Route, ValueMatch } from "../../compiler/ir/ir.ts";
import { thoroughly } from "../harness/thorough.ts";

const FILTER = loadFilter(new URL("../../dist/filter.wasm", import.meta.url));

function claim(path: readonly string[], match: ValueMatch, invert = false): HeaderMatch {
  return { name: claimName(path), claim: path, match, invert, missingAsEmpty: false };
}

// Names that contain each other, dots, and the NUL by which the filter tells them apart.
const name = fc.constantFrom("a", "b", "a.b", "é", "a\0b", "__proto__", "");
const text = fc.array(fc.constantFrom("a", "b", "é", "\0", " "), { maxLength: 3 }).map((all) => all.join(""));
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    text,
    fc.constantFrom(null, true, false, 0, 1.5, -1e300),
    fc.array(tie("json"), { maxLength: 3 }),
    fc.dictionary(name, tie("json"), { maxKeys: 4, noNullPrototype: false }),
  ),
}));
const claims: fc.Arbitrary<Claims | undefined> = fc.option(
  fc.dictionary(name, json, { maxKeys: 5, noNullPrototype: false }),
  { nil: undefined, freq: 8 },
);
const path = fc.array(
  name.filter((one) => !one.includes("\0")),
  { minLength: 1, maxLength: 3 },
);
const match = fc.oneof(
  text.map(exact),
  text.map(prefix),
  fc.constant(present),
  fc.constantFrom("a+", "[ab]*", "(?s).*b", "é").map(regex),
);
const rule: fc.Arbitrary<Route> = fc
  .tuple(
    fc.array(fc.tuple(path, match, fc.boolean()), { maxLength: 3 }),
    fc.option(fc.constantFrom("/a", "/b"), { nil: undefined }),
  )
  .map(([all, wanted]) => ({
    name: "",
    match: {
      ...(wanted !== undefined && { path: { ...exact(wanted), ignoreCase: false } as const }),
      headers: all.map(([of, how, invert]) => claim(of, how, invert)),
      queryParams: [],
    },
    action: to("c"),
  }));

test("the index finds the route that the reference finds, whatever claims there are", () => {
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 12 }),
      fc.array(fc.tuple(claims, fc.constantFrom("/a", "/b", "/c")), { minLength: 1, maxLength: 4 }),
      (routes, asked) => {
        const made = table({ "*": routes });
        const vm = new FilterVm(FILTER);
        const root = vm.configure(encodeProgram(made))!;
        for (const [own, at] of asked) {
          const request = { authority: "a", path: at, ...(own !== undefined && { claims: own }) };
          const wanted = naiveRoute(made, request);
          const found = vm.decide(root, request).route;
          expect(found === undefined ? undefined : routes[found]).toBe(wanted);
        }
      },
    ),
    { numRuns: thoroughly(300) },
  );
});

test("a token of 64 KiB is read once, and from a place that no other request needs", () => {
  const routes = [
    route(undefined, "a", { headers: [claim(["groups"], exact("admin"))] }),
    route(undefined, "b", { headers: [claim(["groups"], exact("boss"))] }),
    route(undefined, "c"),
  ];
  const vm = new FilterVm(FILTER);
  const root = vm.configure(encodeProgram(table({ "*": routes })))!;
  const groups = [...Array.from({ length: 4000 }, (_, i) => `group-${i}-${"x".repeat(5)}`), "boss"];
  const ask = () => vm.decide(root, { authority: "a", path: "/", claims: { more: groups, groups } }).cluster;
  expect(ask()).toBe("b");
  const pages = vm.memoryPages;
  for (let i = 0; i < 50; i++) {
    expect(ask()).toBe("b");
  }
  expect(vm.memoryPages).toBe(pages);
});
