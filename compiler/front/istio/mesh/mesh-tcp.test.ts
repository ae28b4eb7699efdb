import { expect, test } from "vitest";
import { type Lowered, lower } from "../testing.ts";

const entry = (...addresses: readonly string[]) => `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: git }
spec:
  hosts: [git.example]
  addresses: ${JSON.stringify(addresses)}
  ports: [{ number: 22, name: tcp, protocol: TCP }]
  location: MESH_EXTERNAL
`;

const rangesOf = ({ config }: Lowered) => config.tcpChains?.flatMap(({ addresses = [] }) => addresses) ?? [];

test.each([
  ["127.0.0.1", ["10.8.0.0/22", "10.9.0.1"], ["10.8.0.0/22", "10.9.0.1/32"]],
  ["10.8.1.1", ["10.8.0.0/22", "10.9.0.1"], ["10.9.0.1/32"]],
  ["10.9.0.1", ["10.8.0.0/22", "10.9.0.1"], ["10.8.0.0/22"]],
  ["0.0.0.0", ["10.8.0.0/22", "10.9.0.1"], ["10.9.0.1/32"]],
] as const)(
  "bound at %s, connections that may be for the proxy itself are closed, and said",
  (listenAddress, addresses, taken) => {
    const lowered = lower(entry(...addresses), { meshPort: 0, meshListeners: true, listenAddress });
    expect(rangesOf(lowered)).toEqual(taken);
    expect(lowered.diagnostics.map(({ code }) => code)).toEqual(
      taken.length < addresses.length ? ["SL0444"] : [],
    );
  },
);

test("bound at another port, all are taken", () => {
  const lowered = lower(entry("10.8.0.0/22", "10.9.0.1"), {
    meshPort: 0,
    meshListeners: true,
    portMap: new Map([[22, 10022]]),
  });
  expect(rangesOf(lowered)).toEqual(["10.8.0.0/22", "10.9.0.1/32"]);
  expect(lowered.diagnostics).toEqual([]);
});

test.each(["10.0.0.0/33", "10.0.0.0/-1", "fd00::/129", "10.0.0.0/", "10.0.0/8"])(
  "%s, which validation reports, is left out, and the other addresses hold",
  (address) => {
    const lowered = lower(entry(address, "10.9.0.1"), {
      meshPort: 0,
      meshListeners: true,
      listenAddress: "127.0.0.1",
    });
    expect(rangesOf(lowered)).toEqual(["10.9.0.1/32"]);
  },
);
