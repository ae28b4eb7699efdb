import { expect, test } from "vitest";
import { Report } from "../../diagnostics/render/report.ts";
import type { FeedEvent } from "../../http/event-feed.ts";
import { FleetTelemetry } from "./fleet-telemetry.ts";

test("events are small, and the oldest of many are let go", () => {
  const telemetry = new FleetTelemetry();
  const findings = new Report(false);
  findings.report({ code: "SL0104", level: "error", message: "x".repeat(500) });
  const snapshot = { sources: [], held: [] };
  for (let i = 0; i < 1500; i++) {
    telemetry.tell({ kind: "rules", revision: String(i), findings, refused: true, snapshot });
  }
  telemetry.tell({ kind: "failed", error: new Error("the disk is full") });
  const kept: FeedEvent[] = [];
  telemetry.feed.listen((event) => kept.push(event), 0)();
  expect(kept).toHaveLength(1000);
  expect(JSON.parse(kept[0]!.data)).toEqual({
    kind: "rules",
    revision: "501",
    refused: true,
    findings: { errors: 1, warnings: 0, infos: 0, strict: false },
  });
  expect(kept.at(-1)).toEqual({
    id: 1501,
    kind: "failed",
    data: '{"kind":"failed","message":"the disk is full"}',
  });
});
