/** What `explain` says is what the filter decides, whatever the rules and requests. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeProgram } from "../../back/program/encode.ts";
import { request, routeTable } from "../../back/program/rules.arbitrary.ts";
import type { Cluster, Config, Listener } from "../../ir/ir.ts";
import { arrive } from "../evaluate/arrival.ts";
import { Evaluators } from "../evaluate/evaluator.ts";
import type { AskedRequest } from "../request/asked.ts";
import { FilterVm, loadFilter } from "../wasm-host/filter-vm.ts";
import { explain } from "./explain.ts";

const FILTER = loadFilter(new URL("../../../dist/filter.wasm", import.meta.url));

const clusters = ["c1", "c2", "c3", "c4"].map(
  (name): Cluster => ({
    name,
    discovery: { kind: "eds", endpoints: [{ address: "127.0.0.1", port: 1, weight: 1 }] },
    protocol: "http1",
    connectTimeoutMs: 1000,
    loadBalancer: { kind: "random" },
    limits: {},
  }),
);

const TABLES = 60;
const REQUESTS = 20;

test(`of ${TABLES * REQUESTS} requests, the rule and the cluster are those of the filter`, {
  timeout: 600_000,
}, () => {
  let forwarded = 0;
  let unrouted = 0;
  const vm = new FilterVm(FILTER);
  fc.assert(
    fc.property(
      routeTable,
      fc.array(request, { minLength: REQUESTS, maxLength: REQUESTS }),
      fc.constantFrom("gateway" as const, "mesh" as const),
      (routes, requests, role) => {
        const listener: Listener = { name: "one", role, address: "127.0.0.1", port: 80, routes };
        const config: Config = { listeners: [listener], clusters };
        const evaluators = new Evaluators(FILTER, config);
        const root = vm.configure(encodeProgram(routes))!;
        for (const one of requests) {
          const asked: AskedRequest = { method: "GET", headers: [], ...one, protocol: "HTTP/1.1" };
          const arrival = arrive(asked, listener, "BASE");
          if (arrival.kind === "refused") {
            continue;
          }
          const decided = vm.decide(root, arrival.request);
          const { decision, tried, untried, rule, virtualHost, disagreements } = explain(
            asked,
            listener,
            evaluators,
          );
          expect(disagreements).toEqual([]);
          expect(decision.cluster).toBe(decided.outcome === "forward" ? decided.cluster : undefined);
          expect(decision.status).toBe(decided.outcome === "forward" ? undefined : 404);
          // All before it fail with a reason, and it alone is met.
          const reasons = tried.map(({ matched, failed }) => matched === (failed.length === 0));
          expect(reasons).not.toContain(false);
          const met = tried.findIndex(({ matched }) => matched);
          expect(met).toBe(rule === undefined ? -1 : tried.length - 1);
          expect(rule === undefined).toBe(decided.outcome !== "forward");
          const served = routes.virtualHosts.find(({ name }) => name === virtualHost?.name);
          expect(tried.length + untried).toBe(served?.routes.length ?? 0);
          if (rule === undefined) {
            unrouted++;
          } else {
            forwarded++;
          }
        }
        vm.deleteRoot(root);
      },
    ),
    { numRuns: TABLES, seed: 20_261 },
  );
  expect(forwarded).toBeGreaterThan(TABLES);
  expect(unrouted).toBeGreaterThan(TABLES);
});
