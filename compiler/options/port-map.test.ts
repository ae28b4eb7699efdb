import { expect, test } from "vitest";
import { boundPort, meantPort, type PortMap } from "./port-map.ts";

test("a port of one kind of listener wins over the number alone, and back", () => {
  const map: PortMap = new Map<number | `gateway:${number}`, number>([
    [80, 8080],
    ["gateway:80", 8081],
    [443, 8443],
  ]);
  expect([boundPort(map, "gateway", 80), boundPort(map, "mesh", 80)]).toEqual([8081, 8080]);
  expect([boundPort(map, "gateway", 443), boundPort(map, "gateway", 81)]).toEqual([8443, 81]);
  expect([meantPort(map, "gateway", 8081), meantPort(map, "mesh", 8080)]).toEqual([80, 80]);
  // Nothing of a Gateway is bound there by this map, and nothing of the mesh there.
  expect([meantPort(map, "gateway", 8080), meantPort(map, "mesh", 8081)]).toEqual([8080, 8081]);
});
