import { expect, test } from "vitest";
import type { Config, Fault } from "../../ir/ir.ts";
import { drainTime } from "./drain-time.ts";

const config = (...faults: Fault[]): Config => ({
  clusters: [],
  listeners: [
    {
      name: "mesh",
      role: "mesh",
      address: "127.0.0.1",
      port: 15001,
      routes: {
        ignorePortInHost: false,
        virtualHosts: [
          {
            name: "*",
            domains: ["*"],
            routes: faults.map((fault) => ({
              name: "",
              match: { headers: [], queryParams: [] },
              fault,
              action: { kind: "directResponse", status: 200, body: "" },
            })),
          },
        ],
      },
    },
  ],
});

test("without delays, a moment", () => {
  expect(drainTime(config())).toBe(2_000);
  expect(drainTime(config({ abort: { kind: "http", status: 500, perMillion: 1 } }))).toBe(2_000);
});

test("with delays, longer than the longest, within bounds", () => {
  const delay = (fixedMs: number): Fault => ({ delay: { fixedMs, perMillion: 1 } });
  expect(drainTime(config(delay(100), delay(7_000), {}))).toBe(9_000);
  expect(drainTime(config(delay(1e12)))).toBe(3_600_000);
});
