import { expect, test } from "vitest";
import { inScope } from "./scope.ts";

const HOST = "a.shop.svc.cluster.local";
const claim = (namespace: string, source: "kubernetes" | "serviceEntry" = "serviceEntry") => ({
  host: HOST,
  namespace,
  source,
});
const namespaces = (claims: readonly ReturnType<typeof claim>[], scope: "sidecar" | "router" = "sidecar") =>
  inScope(claims, "own", scope).map(({ namespace, source }) => `${namespace} ${source}`);

test("a sidecar takes a host from its own namespace, whatever is older or of Kubernetes", () => {
  expect(namespaces([claim("old"), claim("shop", "kubernetes"), claim("own")])).toEqual(["own serviceEntry"]);
  expect(namespaces([claim("own"), claim("shop", "kubernetes")])).toEqual(["own serviceEntry"]);
});

test("else from that of the Kubernetes Service, else of the oldest", () => {
  expect(namespaces([claim("old"), claim("shop", "kubernetes"), claim("new")])).toEqual(["shop kubernetes"]);
  expect(namespaces([claim("old"), claim("new")])).toEqual(["old serviceEntry"]);
});

test("and all that the namespace says of the host", () => {
  expect(namespaces([claim("own"), claim("old"), claim("own", "kubernetes"), claim("own")])).toEqual([
    "own serviceEntry",
    "own kubernetes",
    "own serviceEntry",
  ]);
});

test("a router is left with all of them, and other hosts are others'", () => {
  expect(namespaces([claim("old"), claim("own")], "router")).toHaveLength(2);
  const other = { ...claim("old"), host: "b.example" };
  expect(inScope([other, claim("own")], "own", "sidecar")).toHaveLength(2);
});
