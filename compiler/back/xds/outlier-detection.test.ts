import { expect, test } from "vitest";
import { emitOutlierDetection } from "./outlier-detection.ts";

test("nothing set: Envoy's counters, but never its success rate", () => {
  expect(emitOutlierDetection({})).toEqual({ enforcing_success_rate: 0 });
});

test("a counter is enforced, and 0 turns it off", () => {
  expect(emitOutlierDetection({ consecutive5xx: 7, consecutiveGatewayFailure: 0 })).toEqual({
    enforcing_success_rate: 0,
    consecutive_5xx: 7,
    enforcing_consecutive_5xx: 100,
    consecutive_gateway_failure: 0,
    enforcing_consecutive_gateway_failure: 0,
  });
});

test("failures of our own side count only when they are told apart", () => {
  expect(emitOutlierDetection({ consecutiveLocalOriginFailure: 3 })).toEqual({ enforcing_success_rate: 0 });
  expect(
    emitOutlierDetection({ splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailure: 3 }),
  ).toEqual({
    enforcing_success_rate: 0,
    split_external_local_origin_errors: true,
    enforcing_local_origin_success_rate: 0,
    consecutive_local_origin_failure: 3,
    enforcing_consecutive_local_origin_failure: 100,
  });
});

test("times and the share that may be ejected, where 0 means unset", () => {
  expect(
    emitOutlierDetection({ intervalMs: 500, baseEjectionTimeMs: 180_000, maxEjectionPercent: 100 }),
  ).toMatchObject({ interval: "0.5s", base_ejection_time: "180s", max_ejection_percent: 100 });
  expect(emitOutlierDetection({ maxEjectionPercent: 0 })).not.toHaveProperty("max_ejection_percent");
});
