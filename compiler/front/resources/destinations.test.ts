import { expect, test } from "vitest";
import { destinationsOf } from "./destinations.ts";
import { loadResources } from "./model.ts";

test("every destination of a rule is found, each at its own place", () => {
  const text = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: a }
spec:
  hosts: [a.example]
  http:
  - route: [{ destination: { host: h1 } }, { destination: { host: h2 } }]
    mirror: { host: m1 }
  - redirect: { uri: / }
  - route: [{ destination: { host: h3 } }]
    mirrors: [{ destination: { host: m2 } }, { destination: { host: m3 } }]
  tls:
  - match: [{ sniHosts: [a.example] }]
    route: [{ destination: { host: t1 } }]
  tcp:
  - route: [{ destination: { host: c1 } }]
`;
  const { virtualServices } = loadResources([{ path: "rules.yaml", text }], { report() {} });
  const found = [...destinationsOf(virtualServices[0]!)];
  expect(found.map(({ destination }) => destination.host)).toEqual([
    "h1",
    "h2",
    "h3",
    "t1",
    "c1",
    "m1",
    "m2",
    "m3",
  ]);
  for (const { destination, path } of found) {
    const { start, end } = virtualServices[0]!.spanOf([...path, "host"]);
    expect(text.slice(start, end)).toBe(destination.host);
  }
});
