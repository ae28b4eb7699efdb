import { expect, test } from "vitest";
import { DEFAULT_RETRY } from "../../ir/route-class.ts";
import { timeLimitsOf, withTimeLimits } from "./time-limits.ts";

const forward = (timeoutMs: number, perTryTimeoutMs = 0) => ({
  kind: "forward" as const,
  destinations: [{ cluster: "a", weight: 1 }],
  timeoutMs,
  retry: { ...DEFAULT_RETRY, perTryTimeoutMs },
});
const GRPC = ["content-type", "application/grpc"] as const;
const told = (deadline: string, action = forward(3000), type = GRPC[1] as string, grpcWeb?: true) => {
  const request = [["content-type", type] as const, ["grpc-timeout", deadline] as const];
  const limits = timeLimitsOf(request, action, { ...(grpcWeb && { grpcWeb }) });
  return Object.fromEntries(withTimeLimits(request, limits));
};

test.each([
  ["2S", "2000m"],
  ["5S", "3000m"],
  ["1500001u", "1501m"],
  ["0S", "3000m"],
  ["nonsense", "3000m"],
])("of a deadline of %s and a timeout of 3 s, an upstream is told %s", (deadline, expected) => {
  expect(told(deadline)["grpc-timeout"]).toBe(expected);
});

test("a try that may take less than all of them is what an upstream is told of", () => {
  expect(told("2S", forward(3000, 700))["x-envoy-expected-rq-timeout-ms"]).toBe("700");
  expect(told("500m", forward(3000, 700))["x-envoy-expected-rq-timeout-ms"]).toBe("500");
});

test("eight digits are enough, in a larger unit if need be", () => {
  expect(told("99999999H", forward(0))["grpc-timeout"]).toBe("99999999H");
  expect(told("99999999M", forward(0))["grpc-timeout"]).toBe("99999999M");
  expect(told("99999999S", forward(0))["grpc-timeout"]).toBe("99999999S");
});

test("gRPC-Web has a deadline where it is translated", () => {
  const type = "application/grpc-web+proto";
  expect(told("2S", forward(3000), type)["grpc-timeout"]).toBe("2S");
  expect(told("2S", forward(3000), type, true)["grpc-timeout"]).toBe("2000m");
});
