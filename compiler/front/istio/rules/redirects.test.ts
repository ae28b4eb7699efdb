import { expect, test } from "vitest";
import { lowerRedirect } from "./redirects.ts";

const site = { gateway: "mesh", port: 8095 };

test("only what is given", () => {
  expect(lowerRedirect({}, site)).toEqual({ kind: "redirect", status: 301 });
  expect(
    lowerRedirect({ uri: "/x", authority: "a:1", scheme: "https", port: 81, redirectCode: 308 }, site),
  ).toEqual({
    kind: "redirect",
    status: 308,
    host: "a:1",
    port: 81,
    scheme: "https",
    path: { kind: "whole", value: "/x" },
  });
  expect(lowerRedirect({ prefixRewrite: "/x" }, site).path).toEqual({ kind: "matched", value: "/x" });
});

test.each([
  [{ port: 80 }, undefined],
  [{ port: 443 }, 443],
  [{ port: 443, scheme: "https" }, undefined],
  [{ port: 80, scheme: "https" }, 80],
  [{ derivePort: "FROM_REQUEST_PORT" } as const, 8095],
  [{ derivePort: "FROM_PROTOCOL_DEFAULT" } as const, undefined],
  [{ port: 80, scheme: "ftp" }, 80],
])("%j gives port %s", (redirect, port) => {
  expect(lowerRedirect(redirect, site).port).toBe(port);
});

test.each([
  [443, { port: 443 }, undefined],
  [8443, { port: 443 }, undefined],
  [443, { port: 80 }, 80],
  [443, { port: 80, scheme: "http" }, undefined],
  [443, { port: 443, scheme: "http" }, 443],
  [443, { derivePort: "FROM_REQUEST_PORT" } as const, undefined],
  [8443, { derivePort: "FROM_REQUEST_PORT" } as const, 8443],
  [443, { derivePort: "FROM_REQUEST_PORT", scheme: "http" } as const, 443],
])("with TLS on port %i, %j gives port %s", (port, redirect, expected) => {
  expect(lowerRedirect(redirect, { gateway: "shop/edge", port, tls: true }).port).toBe(expected);
});
