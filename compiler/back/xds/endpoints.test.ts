import { expect, test } from "vitest";
import type { Endpoint } from "../../ir/ir.ts";
import { emitLoadAssignment } from "./endpoints.ts";

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
  expect(endpoints[1]?.lb_endpoints.map(({ endpoint }) => endpoint.address)).toMatchObject([
    { socket_address: { port_value: 80 } },
    { socket_address: { port_value: 81 } },
  ]);
});

test("the order in which endpoints were written makes no difference", () => {
  expect(emitLoadAssignment("c", [...ENDPOINTS].reverse())).toEqual(emitLoadAssignment("c", ENDPOINTS));
});

test("a service without endpoints is an empty assignment", () => {
  expect(emitLoadAssignment("c", [])).toEqual({ cluster_name: "c", endpoints: [] });
});
