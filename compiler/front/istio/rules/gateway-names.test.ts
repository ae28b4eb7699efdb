import { expect, test } from "vitest";
import { resolveGatewayName } from "./gateway-names.ts";

test.each([
  ["gw", "default/gw"],
  ["./gw", "default/gw"],
  ["other/gw", "other/gw"],
  ["mesh", "mesh"],
  ["gw.other.svc.cluster.local", "other/gw"],
  ["gw.other", "other/gw"],
])("%s is %s", (written, expected) => {
  expect(resolveGatewayName(written, "default")).toBe(expected);
});
