import { expect, test } from "vitest";
import { emitBootstrap } from "./bootstrap.ts";
import { emitListener } from "./listener.ts";
import { testListener, testOptions, testSource } from "./testing.ts";

test("listeners and clusters come from where it is said", () => {
  const { lds_config, cds_config } = emitBootstrap(testOptions()).dynamic_resources;
  expect(lds_config).toEqual(testSource("all listeners"));
  expect(cds_config).toEqual(testSource("all clusters"));
});

test("a listener binds what it is told; `::` is IPv4 too", () => {
  const bound = (address: string) =>
    emitListener([testListener([], { address })], () => false, testOptions()).address;
  const socket = (socket_address: object) => ({ socket_address });
  expect(bound("127.0.0.1")).toEqual(socket({ address: "127.0.0.1", port_value: 15_001 }));
  expect(bound("::")).toEqual(socket({ address: "::", port_value: 15_001, ipv4_compat: true }));
  expect(bound("unix:/run/edge")).toEqual({ pipe: { path: "/run/edge" } });
});
