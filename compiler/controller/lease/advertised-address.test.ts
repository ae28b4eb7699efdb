import { expect, test } from "vitest";
import { advertisedAddress } from "./advertised-address.ts";

test.each([
  ["10.0.0.1:15010", undefined, "10.0.0.1:15010"],
  ["0.0.0.0:15010", "10.0.0.1:15010", "10.0.0.1:15010"],
  ["[::]:15010", "[fd00::1]:15010", "[fd00::1]:15010"],
  ["0.0.0.0:15010", "sluice-0.sluice:15010", "sluice-0.sluice:15010"],
])("%s, %s → %s", (listen, advertise, expected) => {
  expect(advertisedAddress(listen, advertise)).toBe(expected);
});

test.each([
  ["0.0.0.0:15010", undefined, "--lease: no other server reaches this one at 0.0.0.0:15010; use --advertise"],
  ["unix:/run/a.sock", undefined, "--lease: no other server reaches this one at unix:/run/a.sock"],
  ["127.0.0.1:0", undefined, "--lease: no other server reaches this one at 127.0.0.1:0"],
  ["0.0.0.0:15010", "0.0.0.0:15010", '--advertise: no other server reaches this one at "0.0.0.0:15010"'],
  ["0.0.0.0:15010", "10.0.0.1", '--advertise: "10.0.0.1" is not valid; use an address and a port'],
  ["0.0.0.0:15010", "$(POD_IP):15010", '--advertise: "$(POD_IP):15010" is not valid'],
])("%s, %s is refused", (listen, advertise, message) => {
  expect(() => advertisedAddress(listen, advertise)).toThrow(message);
});
