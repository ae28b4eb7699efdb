/** Both targets in one Envoy, with the same clusters: a request has the same hash for each, whatever rules do to it. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { Twin } from "../../differential/twin.ts";
import type { ClientRequest } from "../../harness/client.ts";
import { Mesh } from "../../harness/mesh.ts";
import { answeredBy, apply, destinationRule, get, HOST, service, virtualService } from "./mesh.ts";

const KEYS = Array.from({ length: 25 }, (_, index) => `key-${index}`);
const TO = [{ destination: { host: HOST } }];

let mesh: Mesh;
const twin = new Twin();

beforeAll(async () => {
  mesh = await Mesh.create({ target: "wasm", emit: twin.emit });
});

afterAll(async () => {
  await mesh?.close();
});

interface Case {
  readonly name: string;
  readonly hash: object;
  readonly rule: object;
  readonly request: (key: string) => Partial<ClientRequest>;
  /** The rule leaves nothing of the key. */
  readonly constant?: true;
}

const byHeader = (key: string) => ({ headers: { "x-user": key } });

const CASES: readonly Case[] = [
  { name: "a header", hash: { httpHeaderName: "x-user" }, rule: {}, request: byHeader },
  {
    name: "a header of two lines",
    hash: { httpHeaderName: "x-user" },
    rule: {},
    request: (key) => ({ headers: { "x-user": [key, "b"] } }),
  },
  {
    name: "a header that the rule adds to",
    hash: { httpHeaderName: "x-user" },
    rule: { headers: { request: { add: { "x-user": "b" } } } },
    request: byHeader,
  },
  {
    name: "a header that the rule sets",
    hash: { httpHeaderName: "x-user" },
    rule: { headers: { request: { set: { "x-user": "b" } } } },
    request: byHeader,
    constant: true,
  },
  {
    name: "a header that the rule makes of another",
    hash: { httpHeaderName: "x-made" },
    rule: { headers: { request: { set: { "x-made": "of %REQ(x-user)%" } } } },
    request: byHeader,
  },
  {
    name: "the host, which the rule rewrites",
    hash: { httpHeaderName: ":authority" },
    rule: { rewrite: { authority: "other.example.com" } },
    request: byHeader,
    constant: true,
  },
  {
    name: "the path, which the rule rewrites",
    hash: { httpHeaderName: ":path" },
    rule: { match: [{ uri: { prefix: "/a/" } }], rewrite: { uri: "/b/" } },
    request: (key) => ({ path: `/a/${key}?x=1` }),
  },
  {
    name: "a query parameter beside a path that is rewritten",
    hash: { httpQueryParameterName: "user" },
    rule: { rewrite: { uriRegexRewrite: { match: "^/.*$", rewrite: "/" } } },
    request: (key) => ({ path: `/x/y?a=b&user=${key}` }),
  },
  {
    name: "a cookie",
    hash: { httpCookie: { name: "c" } },
    rule: {},
    request: (key) => ({ headers: { cookie: `a=b; c=${key}` } }),
  },
  {
    name: "Maglev",
    hash: { httpHeaderName: "x-user", maglev: { tableSize: 251 } },
    rule: { mirror: { host: "nobody.example.com" } },
    request: byHeader,
  },
];

test.each(CASES)("$name", async ({ hash, rule, request, constant }) => {
  const port = await apply(mesh, [
    service([61, 62, 63, 64, 65]),
    destinationRule({ trafficPolicy: { loadBalancer: { consistentHash: hash } } }),
    virtualService([{ route: TO, ...rule }]),
  ]);
  const native = twin.nativePort("mesh");
  const endpoints = new Set<number>();
  for (const key of KEYS) {
    const endpoint = answeredBy(await get(port, request(key)));
    expect([key, answeredBy(await get(native, request(key)))]).toEqual([key, endpoint]);
    endpoints.add(endpoint);
  }
  // With keys that differ, one endpoint for all would be no hash.
  expect(endpoints.size === 1).toBe(constant === true);
});
