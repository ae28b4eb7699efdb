import { expect, test } from "vitest";
import { DEFAULT_RETRY } from "../../../ir/route-class.ts";
import { lowerRetries, NO_RETRY } from "./retries.ts";

test("nothing said: istiod's default; attempts 0 or missing: none", () => {
  expect(lowerRetries(undefined)).toBe(DEFAULT_RETRY);
  expect(lowerRetries({ attempts: 0 })).toBe(NO_RETRY);
  expect(lowerRetries({})).toBe(NO_RETRY);
});

test("attempts alone keep the default conditions", () => {
  expect(lowerRetries({ attempts: 3, perTryTimeout: "2s" })).toEqual({
    attempts: 3,
    perTryTimeoutMs: 2000,
    retryOn: DEFAULT_RETRY.retryOn,
    retriableStatusCodes: [],
    avoidPreviousHosts: true,
    avoidPreviousPriorities: false,
  });
});

test("where a retry goes, and when", () => {
  expect(
    lowerRetries({
      attempts: 1,
      retryIgnorePreviousHosts: false,
      retryRemoteLocalities: true,
      backoff: "10ms",
    }),
  ).toMatchObject({ avoidPreviousHosts: false, avoidPreviousPriorities: true, backOffMs: 10 });
  expect(lowerRetries({ attempts: 2, retryIgnorePreviousHosts: true, retryRemoteLocalities: false })).toEqual(
    DEFAULT_RETRY,
  );
});

test("status codes among the conditions go to the list of their own", () => {
  expect(lowerRetries({ attempts: 1, retryOn: " 5xx,503, ,429,999" })).toMatchObject({
    retryOn: ["5xx", "999", "retriable-status-codes"],
    retriableStatusCodes: [503, 429],
  });
  // As Go reads numbers.
  expect(lowerRetries({ attempts: 1, retryOn: "+500,0503,-503,5e2" })).toMatchObject({
    retryOn: ["-503", "5e2", "retriable-status-codes"],
    retriableStatusCodes: [500, 503],
  });
  expect(lowerRetries({ attempts: 1, retryOn: "retriable-status-codes,503" }).retryOn).toEqual([
    "retriable-status-codes",
  ]);
});
