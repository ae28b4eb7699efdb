import { expect, test } from "vitest";
import { lowerFault } from "./faults.ts";

test("percentages in parts per million, cut off", () => {
  const delay = (more: object) => lowerFault({ delay: { fixedDelay: "1.5s", ...more } });
  expect(delay({ percentage: { value: 0.0001 } })).toEqual({ delay: { fixedMs: 1500, perMillion: 1 } });
  expect(delay({ percentage: { value: 33.33339 } })).toEqual({
    delay: { fixedMs: 1500, perMillion: 333_333 },
  });
  expect(delay({ percent: 10 })).toEqual({ delay: { fixedMs: 1500, perMillion: 100_000 } });
  expect(delay({ percent: 200 })).toEqual({ delay: { fixedMs: 1500, perMillion: 1_000_000 } });
});

test("without a percentage nothing happens", () => {
  expect(lowerFault({ delay: { fixedDelay: "1s" } })).toBeUndefined();
  expect(lowerFault({ abort: { httpStatus: 500 } })).toBeUndefined();
  expect(
    lowerFault({ delay: { fixedDelay: "1s", percentage: {} }, abort: { httpStatus: 500 } }),
  ).toBeUndefined();
});

test("aborts by HTTP status or by the name of a gRPC status; one without either is none", () => {
  const abort = (error: object) => lowerFault({ abort: { ...error, percentage: { value: 100 } } })?.abort;
  expect(abort({ httpStatus: 503 })).toEqual({ kind: "http", status: 503, perMillion: 1_000_000 });
  expect(abort({ grpcStatus: "UNAVAILABLE" })).toEqual({ kind: "grpc", status: 14, perMillion: 1_000_000 });
  expect(abort({ grpcStatus: "OK" })).toMatchObject({ status: 0 });
  expect(abort({})).toBeUndefined();
});
