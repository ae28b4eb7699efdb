import { expect, test } from "vitest";
import type { Cluster } from "../../ir/ir.ts";
import {
  MAX_ENDPOINT_FILES,
  MAX_LISTENER_FILES,
  MAX_SECRET_FILES,
  planSubscriptions,
} from "./subscriptions.ts";
import { testCluster, testListener } from "./testing.ts";

const endpointFilesOf = (clusters: readonly Cluster[]) =>
  planSubscriptions({ listeners: [], clusters }).endpointFiles;

test("a file for each cluster whose endpoints are known", () => {
  const dns = testCluster({ name: "dns", discovery: { kind: "strictDns", endpoints: [] } });
  const files = endpointFilesOf([testCluster(), testCluster({ name: "outbound|80|V1|a.example" }), dns]);
  expect([...files]).toEqual([
    ["outbound|80||a.example", "eds/outbound%7c80%7c%7ca.example.json"],
    ["outbound|80|V1|a.example", "eds/outbound%7c80%7c%561%7ca.example.json"],
  ]);
});

test("file names stay within what a file system takes, and apart", () => {
  const name = (end: string) => `outbound|80||${"a".repeat(250)}.${end}`;
  const files = [
    ...endpointFilesOf([testCluster({ name: name("x") }), testCluster({ name: name("y") })]).values(),
  ];
  expect(new Set(files).size).toBe(2);
  for (const file of files) {
    expect(file.length).toBeLessThan(230);
  }
});

test("no files at all when there are many clusters", () => {
  const clusters = (count: number) => Array.from({ length: count }, (_, i) => testCluster({ name: `c${i}` }));
  expect(endpointFilesOf(clusters(MAX_ENDPOINT_FILES)).size).toBe(MAX_ENDPOINT_FILES);
  expect(endpointFilesOf(clusters(MAX_ENDPOINT_FILES + 1)).size).toBe(0);
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
  expect(planned(MAX_LISTENER_FILES).listenerFiles).toBe(true);
  expect(planned(MAX_LISTENER_FILES + 1).listenerFiles).toBe(false);
});
