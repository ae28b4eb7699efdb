import { expect, test } from "vitest";
import { testCluster, testListener } from "../../../back/xds/testing.ts";
import {
  MAX_ENDPOINT_FILES,
  MAX_LISTENER_FILES,
  MAX_SECRET_FILES,
  planSubscriptions,
} from "./subscriptions.ts";

test("no files of endpoints at all when there are many clusters", () => {
  const planned = (count: number) => {
    const clusters = Array.from({ length: count }, (_, i) => testCluster({ name: `c${i}` }));
    const dns = testCluster({ name: "dns", discovery: { kind: "strictDns", endpoints: [] } });
    return planSubscriptions({ listeners: [], clusters: [...clusters, dns] }).endpoints;
  };
  expect(planned(MAX_ENDPOINT_FILES)).toBe(true);
  expect(planned(MAX_ENDPOINT_FILES + 1)).toBe(false);
});

test("secrets, too", () => {
  const secrets = (count: number, inFiles: boolean) =>
    Array.from({ length: count }, (_, i) => ({
      name: `s${i}`,
      content: { kind: "authority" as const, trusted: "" },
      inFiles,
    }));
  const planned = (count: number, inFiles = false) =>
    planSubscriptions({ listeners: [], clusters: [], secrets: secrets(count, inFiles) }).inlineSecrets.size;
  expect(planned(MAX_SECRET_FILES)).toBe(0);
  expect(planned(MAX_SECRET_FILES + 1)).toBe(MAX_SECRET_FILES + 1);
  // Nothing that we write changes when somebody else's files do.
  expect(planned(MAX_SECRET_FILES + 1, true)).toBe(0);
});

test("listeners share the fate of endpoints", () => {
  const listeners = (count: number) => Array.from({ length: count }, () => testListener());
  const planned = (count: number) => planSubscriptions({ listeners: listeners(count), clusters: [] });
  expect(planned(MAX_LISTENER_FILES).listeners).toBe(true);
  expect(planned(MAX_LISTENER_FILES + 1).listeners).toBe(false);
});
