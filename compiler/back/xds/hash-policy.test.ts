import { expect, test } from "vitest";
import { emitHashPolicy } from "./hash-policy.ts";

test("every key, in its order", () => {
  expect(
    emitHashPolicy([
      { kind: "header", name: "x-user" },
      { kind: "cookie", name: "a" },
      { kind: "cookie", name: "b", ttlMs: 0, path: "/p", attributes: [{ name: "SameSite", value: "Lax" }] },
      { kind: "sourceIp" },
      { kind: "queryParam", name: "q" },
    ]),
  ).toEqual({
    hash_policy: [
      { header: { header_name: "x-user" } },
      { cookie: { name: "a" } },
      // A lifetime of nothing is as long as the browser lives, and no lifetime is no cookie.
      { cookie: { name: "b", ttl: "0s", path: "/p", attributes: [{ name: "SameSite", value: "Lax" }] } },
      { connection_properties: { source_ip: true } },
      { query_parameter: { name: "q" } },
    ],
  });
});

test("no key is no policy", () => {
  expect(emitHashPolicy(undefined)).toEqual({});
  expect(emitHashPolicy([])).toEqual({});
});
