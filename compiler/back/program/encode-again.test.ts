/** A program of which most was encoded before is the program that it would be anyway. */

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Forward, Route, RouteTable } from "../../ir/ir.ts";
import { EncodedBodies, encodeProgram } from "./encode.ts";
import { rules } from "./rules.arbitrary.ts";
import { exact, header, ofRule, to } from "./rules.fixture.ts";

const NONE = { headers: [], queryParams: [] };

const table = (routesOf: readonly (readonly Route[])[]): RouteTable => ({
  ignorePortInHost: true,
  virtualHosts: routesOf.map((routes, i) => ({
    name: `${i}`,
    domains: [`${i}.example`, `www.${i}.example`],
    routes,
  })),
});

/** Names of its own, as most rules have them. */
const own = fc
  .record({
    word: fc.constantFrom("", "a", "bb", "ccc", "ümläut"),
    id: fc.nat(30),
    kind: fc.constantFrom("prefixes", "exact", "headers", "answer", "redirect", "split", "edits"),
    count: fc.integer({ min: 1, max: 7 }),
  })
  .map(({ word, id, kind, count }): readonly Route[] =>
    Array.from({ length: count }, (_, i): Route => {
      const path = `/${word}/${id}/${i}`;
      const match = count > 2 ? `${i}` : undefined;
      const { origin } = ofRule(
        `shop/${word}-${id}#${i >> 1}`,
        { name: "", match: NONE, action: to("") },
        match,
      );
      const route = {
        name: "",
        ...(id % 3 > 0 && origin && { origin }),
        match: {
          path: { kind: kind === "exact" ? "exact" : "prefix", value: path, ignoreCase: false } as const,
          headers: kind === "headers" ? [header("x-a", exact(`${word}${i}`))] : [],
          queryParams: [],
        },
      };
      const action = to(`cluster-${id}`) as Forward;
      switch (kind) {
        case "answer":
          return { ...route, action: { kind: "directResponse", status: 200, body: word } };
        case "redirect":
          return { ...route, action: { kind: "redirect", status: 301, host: word, keepPort: true } };
        case "split":
          return {
            ...route,
            action: {
              ...action,
              timeoutMs: 1500,
              ...(i > 2 && { sticky: { kind: "cookie", name: `cookie-${word}` } as const }),
              destinations: [
                { cluster: `cluster-${id}`, weight: 1 },
                { cluster: `other ${word}-${i}`, weight: 2, ...(i > 1 && { fault: `fault|1|other-${i}` }) },
              ],
            },
          };
        case "edits":
          return {
            ...route,
            fault: { abort: { kind: "http", status: 503, perMillion: 1000 } },
            responseHeaders: { write: [{ name: "x-w", value: word, append: false }], remove: [] },
            action: { ...action, requestHeaders: { write: [], remove: [`x-${id}`] } },
          };
        default:
          return { ...route, action };
      }
    }),
  );

/** What of rules is in the program: of proxies that count requests and that do not. */
const NAMINGS = [undefined, { listener: "mesh", counters: true, names: false }] as const;

const routes = fc.oneof({ weight: 5, arbitrary: own }, { weight: 1, arbitrary: rules });
const edit = fc.record({ at: fc.nat(12), remove: fc.nat(2), add: fc.array(routes, { maxLength: 2 }) });

test("hosts that come, change and go leave the bytes that a program made at once has", () => {
  let again = 0;
  let anew = 0;
  fc.assert(
    fc.property(
      fc.array(routes, { minLength: 1, maxLength: 10 }),
      fc.array(edit, { minLength: 1, maxLength: 6 }),
      (first, edits) => {
        const bodies = new EncodedBodies();
        const now = [...first];
        for (const { at, remove, add } of [{ at: 0, remove: 0, add: [] }, ...edits]) {
          now.splice(at, remove, ...add);
          for (const naming of NAMINGS) {
            let encoded = 0;
            const warm = encodeProgram(table(now), () => encoded++, { bodies, listener: "mesh" }, naming);
            const cold = encodeProgram(table(now), undefined, undefined, naming);
            expect(Buffer.compare(warm, cold)).toBe(0);
            again += encoded === 0 ? 1 : 0;
            anew += encoded === 0 ? 0 : 1;
          }
        }
      },
    ),
    { numRuns: Number(process.env.SLUICE_CHANGES ?? 60) },
  );
  // Or nothing of it was tried.
  expect(again).toBeGreaterThan(anew / 4);
}, 600_000);

test("of a thousand hosts one is encoded", () => {
  const host = (i: number, cluster: string): readonly Route[] => [
    {
      name: "",
      match: {
        path: { kind: "prefix", value: `/api/${i}/`, ignoreCase: false },
        headers: [],
        queryParams: [],
      },
      action: to(cluster),
    },
  ];
  const hosts = Array.from({ length: 1000 }, (_, i) => host(i, `cluster-${i % 10}`));
  const bodies = new EncodedBodies();
  let encoded = 0;
  const encode = () => encodeProgram(table(hosts), () => encoded++, { bodies, listener: "edge" });
  encode();
  expect(encoded).toBe(1000);
  for (const [at, cluster] of [
    [500, "another"],
    [500, "cluster-3"],
    [999, "a-longer-name"],
    [20, "cluster-4"],
  ] as const) {
    encoded = 0;
    hosts[at] = host(at + 10_000, cluster);
    expect(Buffer.compare(encode(), encodeProgram(table(hosts)))).toBe(0);
    expect(encoded, `at ${at}`).toBe(0);
  }
});
