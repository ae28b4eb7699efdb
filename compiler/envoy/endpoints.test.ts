import { expect, test } from "vitest";
import type { Endpoint } from "../ir/ir.ts";
import { endpointFiles, MAX_ENDPOINT_FILES } from "./endpoint-files.ts";
import { emitLoadAssignment } from "./endpoints.ts";
import { testCluster } from "./testing.ts";

const NEAR = { region: "r", zone: "a", subZone: "" };
const FAR = { region: "r", zone: "b", subZone: "s" };
const ENDPOINTS: readonly Endpoint[] = [
  { address: "10.0.0.2", port: 80, weight: 2, locality: FAR },
  { address: "10.0.0.1", port: 81, weight: 1, locality: NEAR },
  { address: "10.0.0.1", port: 80, weight: 4, locality: NEAR },
  { address: "10.0.0.3", port: 80, weight: 1 },
];

test("one entry for each locality, as heavy as its endpoints together", () => {
  const { endpoints } = emitLoadAssignment("c", ENDPOINTS);
  expect(
    endpoints.map(({ locality, load_balancing_weight }) => [locality?.zone, load_balancing_weight]),
  ).toEqual([
    [undefined, 1],
    ["a", 5],
    ["b", 2],
  ]);
  expect(
    endpoints[1]?.lb_endpoints.map(({ endpoint }) => endpoint.address.socket_address.port_value),
  ).toEqual([80, 81]);
});

test("the order in which endpoints were written makes no difference", () => {
  expect(emitLoadAssignment("c", [...ENDPOINTS].reverse())).toEqual(emitLoadAssignment("c", ENDPOINTS));
});

test("a service without endpoints is an empty assignment", () => {
  expect(emitLoadAssignment("c", [])).toEqual({ cluster_name: "c", endpoints: [] });
});

test("a file for each cluster whose endpoints are known", () => {
  const dns = testCluster({ name: "dns", discovery: { kind: "strictDns", endpoints: [] } });
  const files = endpointFiles([testCluster(), testCluster({ name: "outbound|80|V1|a.example" }), dns]);
  expect([...files]).toEqual([
    ["outbound|80||a.example", "eds/outbound%7c80%7c%7ca.example.json"],
    ["outbound|80|V1|a.example", "eds/outbound%7c80%7c%561%7ca.example.json"],
  ]);
});

test("file names stay within what a file system takes, and apart", () => {
  const name = (end: string) => `outbound|80||${"a".repeat(250)}.${end}`;
  const files = [
    ...endpointFiles([testCluster({ name: name("x") }), testCluster({ name: name("y") })]).values(),
  ];
  expect(new Set(files).size).toBe(2);
  for (const file of files) {
    expect(file.length).toBeLessThan(230);
  }
});

test("no files at all when there are many clusters", () => {
  const clusters = (count: number) => Array.from({ length: count }, (_, i) => testCluster({ name: `c${i}` }));
  expect(endpointFiles(clusters(MAX_ENDPOINT_FILES)).size).toBe(MAX_ENDPOINT_FILES);
  expect(endpointFiles(clusters(MAX_ENDPOINT_FILES + 1)).size).toBe(0);
});
