import { isForged } from "./forged";
import { ascii } from "./host/text";

function forged(name: string): bool {
  return isForged(ascii(name), name.length);
}

describe("headers that a client may not send", () => {
  it("are ours", () => {
    expect(forged("x-sluice-cluster")).toBe(true);
    expect(forged("x-sluice-anything")).toBe(true);
    expect(forged("x-sluice-")).toBe(true);
  });

  it("are those that steer Envoy's router", () => {
    expect(forged("x-envoy-upstream-rq-timeout-ms")).toBe(true);
    expect(forged("x-envoy-upstream-rq-per-try-timeout-ms")).toBe(true);
    expect(forged("x-envoy-upstream-alt-stat-name")).toBe(true);
    expect(forged("x-envoy-retry-on")).toBe(true);
    expect(forged("x-envoy-retry-grpc-on")).toBe(true);
    expect(forged("x-envoy-retriable-status-codes")).toBe(true);
    expect(forged("x-envoy-max-retries")).toBe(true);
    expect(forged("x-envoy-hedge-on-per-try-timeout")).toBe(true);
    expect(forged("x-envoy-expected-rq-timeout-ms")).toBe(true);
  });

  it("are no others", () => {
    expect(forged("x-sluice")).toBe(false);
    expect(forged("x-request-id")).toBe(false);
    expect(forged("x-envoy-external-address")).toBe(false);
    expect(forged("x-envoy-decorator-operation")).toBe(false);
    expect(forged("x-envoy-fault-delay-request")).toBe(false);
    expect(forged("x-envoy-")).toBe(false);
    expect(forged("x-forwarded-for")).toBe(false);
  });
});
