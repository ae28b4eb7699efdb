import { expect, test } from "vitest";
import type { FleetEvent } from "../model/event.ts";
import { FAILED, FakeFleet, NEW, proxy } from "./fleet.fixture.ts";
import { FleetMetrics } from "./fleet-metrics.ts";

test("events and states come out as metrics", () => {
  const metrics = new FleetMetrics();
  const of = { proxy: "p1", revision: NEW };
  const events: FleetEvent[] = [
    { kind: "taken", ...of, ms: 120 },
    { kind: "taken", ...of, ms: 40_000 },
    { kind: "refused", ...of, words: [], step: "clusters" },
    { kind: "silent", ...of, words: [] },
    { kind: "joined", proxy: "p1", scope: "shop" },
    { kind: "stopped", revision: NEW, report: FAILED, proxies: [] },
  ];
  for (const event of events) {
    metrics.tell(event);
  }
  metrics.turnedAway();
  const fleet = new FakeFleet();
  fleet.proxiesNow = [proxy("a"), proxy("b", { scope: 'of "x"' }), proxy("c", { state: "refused" })];
  const lines = metrics.text(fleet, { streams: 3, sentBytes: 4096 }, { showsRules: true }).split("\n");
  expect(lines).toEqual(
    expect.arrayContaining([
      'sluice_proxies{scope="shop",state="current"} 1',
      'sluice_proxies{scope="shop",state="refused"} 1',
      'sluice_proxies{scope="shop",state="silent"} 0',
      'sluice_proxies{scope="of \\"x\\"",state="current"} 1',
      'sluice_change_to_ack_seconds_bucket{le="0.25"} 1',
      'sluice_change_to_ack_seconds_bucket{le="+Inf"} 2',
      "sluice_streams 3",
      "sluice_push_bytes_total 4096",
      'sluice_nacks_total{kind="clusters"} 1',
      'sluice_nacks_total{kind="rules"} 0',
      "sluice_step_deadlines_total 1",
      'sluice_rollout_state{state="failed"} 1',
      'sluice_rollout_state{state="running"} 0',
      "sluice_rollouts_failed_total 1",
      "sluice_clients_refused_total 1",
      'sluice_requests_total{scope="shop",listener="mesh",rule="shop/reviews#split",cluster="outbound|9080|v1|reviews"} 42',
      "sluice_rule_series_left_out 0",
      "sluice_statistics_dropped_total 7",
    ]),
  );
  const named = lines.filter((line) => line !== "" && !line.startsWith("#"));
  const names = named.map((line) => /^[a-z_]+/.exec(line)![0].replace(/_(?:bucket|sum|count)$/, ""));
  for (const name of new Set(names)) {
    expect(lines.filter((line) => line.startsWith(`# TYPE ${name} `))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith(`# HELP ${name} `))).toHaveLength(1);
  }
});

test("series of rules have a bound, and can be left out", () => {
  const fleet = new FakeFleet();
  const sums = Array.from({ length: 20_005 }, (_, i) => ({
    scope: "shop",
    metric: "sluice_left_total",
    labels: { listener: "mesh", rule: `shop/reviews#${i}` },
    count: i,
  }));
  fleet.ruleCounts = () => ({ sums, dropped: 0 });
  const counts = { streams: 0, sentBytes: 0 };
  const text = new FleetMetrics().text(fleet, counts, { showsRules: true });
  expect(text.match(/^sluice_left_total\{/gm)).toHaveLength(20_000);
  expect(text).toContain("\nsluice_rule_series_left_out 5\n");
  expect(new FleetMetrics().text(fleet, counts, { showsRules: false })).not.toMatch(/^sluice_left/m);
});
