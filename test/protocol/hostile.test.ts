/**
 * Requests made of what breaks parsers, put together at random: whatever comes of one, both targets say the same, and
 * the filter survives it. `SLUICE_SEED` asks other ones, `SLUICE_HOSTILE` more of them.
 */

import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WORLD } from "../conformance/format.ts";
import { GATEWAY } from "../differential/scenario.ts";
import { Twin } from "../differential/twin.ts";
import { ask, askRaw } from "../harness/client.ts";
import { leakedHeaders } from "../harness/expect.ts";
import { Mesh } from "../harness/mesh.ts";
import type { UpstreamRequest } from "../harness/upstream.ts";

const REQUESTS = Number(process.env.SLUICE_HOSTILE ?? 1500);
const SEED = Number(process.env.SLUICE_SEED ?? 1);

const rules = (name: string, hosts: string, gateway: string) => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: shop }
spec:
  hosts: [${hosts}]
  gateways: [${gateway}]
  http:
  - match: [{ headers: { x-bytes: { exact: "a b" } } }]
    directResponse: { status: 210 }
  - match: [{ headers: { x-bytes: { regex: "(a|aa)+b?" } }, withoutHeaders: { x-other: {} } }]
    directResponse: { status: 211 }
  - match: [{ headers: { x-bytes: { prefix: a } }, method: { regex: "GET|POST" } }]
    directResponse: { status: 212 }
  - match: [{ queryParams: { a: { exact: "" } } }]
    directResponse: { status: 213 }
  - match: [{ queryParams: { a: { regex: "[a-z%0-9]+" } }, uri: { prefix: /a } }]
    directResponse: { status: 214 }
  - match: [{ queryParams: { "a[]": { prefix: x } } }]
    directResponse: { status: 215 }
  - match: [{ uri: { exact: /a/b } }, { uri: { exact: /A/C }, ignoreUriCase: true }]
    route: [{ destination: { host: reviews, subset: v1 } }]
  - match: [{ uri: { prefix: /a/ } }]
    rewrite: { uri: /z/ }
    route: [{ destination: { host: reviews, subset: v2 } }]
  - match: [{ uri: { regex: "/b(/[^/]*)?" } }]
    redirect: { uri: /moved, authority: other }
  - match: [{ uri: { regex: "/c/.*" }, headers: { ":path": { regex: ".*[?].*" } } }]
    rewrite: { uriRegexRewrite: { match: "/c/([^/?]*)", rewrite: '/y/\\\\1' } }
    route: [{ destination: { host: reviews, subset: v3 } }]
  - match: [{ scheme: { exact: https } }]
    directResponse: { status: 216 }
  - match: [{ authority: { regex: "reviews.*" }, uri: { prefix: /d } }]
    fault: { abort: { httpStatus: 418, percentage: { value: 100 } } }
    headers: { request: { set: { x-set: "%REQ(x-bytes)%" } }, response: { add: { x-add: "1" } } }
    route: [{ destination: { host: reviews, subset: v1 } }]
    mirror: { host: ratings }
  - match: [{ uri: { prefix: /e } }]
    headers: { request: { set: { x-set: "%REQ(x-bytes)%" }, remove: [x-other] } }
    route: [{ destination: { host: reviews, subset: v1 } }]
    mirror: { host: ratings }
  - route: [{ destination: { host: details } }]
`;

const one = (...texts: string[]) => fc.constantFrom(...texts);
const times = (arbitrary: fc.Arbitrary<string>, maxLength: number) =>
  fc.array(arbitrary, { maxLength }).map((texts) => texts.join(""));

const segment = one(
  ...[
    "a",
    "b",
    "c",
    "d",
    "e",
    "A",
    "C",
    "",
    "",
    ".",
    "..",
    "%2e",
    "%2E%2e",
    "%2f",
    "%2F",
    "%5c",
    "\\",
    "%00",
    "%",
    "%zz",
  ],
  ...[
    "%61",
    "%c3%a9",
    "%ff",
    "%20",
    "+",
    ";a=b",
    "..;",
    "~",
    "*",
    "a".repeat(300),
    "%252e",
    ":",
    "@",
    "|",
    "\xff",
  ],
);
const query = one(
  ...[
    "a",
    "a=",
    "a=b",
    "a=%61",
    "a=x&a=y",
    "&&",
    "=",
    "a[]=x",
    "b",
    "%00",
    "?",
    "#",
    "/../",
    "a=\xff",
    "&".repeat(500),
  ],
);
const path = fc
  .tuple(
    fc.array(segment, { minLength: 1, maxLength: 5 }),
    fc.option(fc.array(query, { maxLength: 3 }), { nil: undefined }),
  )
  .map(([segments, parts]) => `/${segments.join("/")}${parts === undefined ? "" : `?${parts.join("&")}`}`);
const target = fc.oneof(
  { arbitrary: path, weight: 12 },
  { arbitrary: path.map((text) => `http://reviews${text}`), weight: 2 },
  { arbitrary: path.map((text) => `HTTPS://x.example:80${text}`), weight: 1 },
  { arbitrary: one("*", "", "a", "?a", "//", "http://", "http://reviews", "http://reviews?a"), weight: 1 },
);
const method = fc.oneof(
  { arbitrary: one("GET"), weight: 8 },
  {
    arbitrary: one("POST", "PUT", "OPTIONS", "DELETE", "PATCH", "TRACE", "PROPFIND", "get", "G T", "\xff"),
    weight: 2,
  },
);
const authority = fc.oneof(
  { arbitrary: one("reviews", "reviews:80", "x.example"), weight: 8 },
  {
    arbitrary: one(
      ...[
        "REVIEWS",
        "x.EXAMPLE:80",
        "reviews:",
        "reviews:81",
        ".example",
        "x..example",
        "\xff.example",
        "",
        " ",
        "a b",
      ],
      ...[
        "reviews,reviews",
        "user@reviews",
        "[::1]",
        `${"a.".repeat(500)}example`,
        "reviews\t",
        "xn--a.example",
      ],
    ),
    weight: 3,
  },
);
const value = times(
  one(
    "a",
    "b",
    " ",
    "\t",
    "\xff",
    "\xc3\xa9",
    "\x80",
    ",",
    ";",
    "=",
    '"',
    "%",
    "a".repeat(2000),
    "\x7f",
    "\x01",
  ),
  4,
);
const line = fc
  .tuple(
    one(
      ...[
        "x-bytes",
        "X-Bytes",
        "x-bytes",
        "x-other",
        "cookie",
        "host",
        "te",
        "x-sluice-class",
        "x-envoy-max-retries",
        "x-b\xff",
      ],
      ...[
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-envoy-original-path",
        "x_bytes",
        ":path",
        "",
        "connection",
        "x-bytes ",
      ],
    ),
    value,
  )
  .map(([name, text]) => `${name}: ${text}\r\n`);
const version = fc.oneof(
  { arbitrary: one(" HTTP/1.1"), weight: 20 },
  { arbitrary: one(" HTTP/1.0", "", " HTTP/2.0", " HTTP/1.2", "  HTTP/1.1"), weight: 1 },
);
const bytes = fc
  .tuple(
    method,
    target,
    version,
    fc.option(authority, { freq: 12, nil: undefined }),
    fc.array(line, { maxLength: 4 }),
  )
  .map(
    ([verb, to, protocol, host, lines]) =>
      `${verb} ${to}${protocol}\r\n${host === undefined ? "" : `host: ${host}\r\n`}${lines.join("")}\r\n`,
  );

let mesh: Mesh;
let portsOf: (listener: string) => { readonly wasm: number; readonly native: number };
let machines: number;

beforeAll(async () => {
  const ofMesh = rules("mesh", 'reviews, "*.example"', "mesh");
  const ofGateway = rules("edge", '"*"', "edge");
  const twin = new Twin();
  mesh = await Mesh.create({ target: "wasm", emit: twin.emit });
  const applied = await mesh.apply([WORLD, GATEWAY, ofMesh, ofGateway], {
    proxy: { proxyNamespace: "shop", outboundPolicy: "REGISTRY_ONLY" },
  });
  expect(applied.diagnostics.map(({ message }) => message)).toEqual([]);
  portsOf = (listener) => ({ wasm: applied.ports.get(listener)!, native: twin.nativePort(listener) });
  machines = (await mesh.envoy.admin.stats("^wasm\\.")).get("wasm.envoy.wasm.runtime.v8.created")!;
  expect(machines).toBeGreaterThan(0);
});

afterAll(async () => {
  await mesh?.close();
});

interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly upstream?: Partial<UpstreamRequest>;
  readonly body?: string;
}

/** What is the same however often it is asked. */
async function see(port: number, text: string): Promise<Seen> {
  const method = text.slice(0, text.indexOf(" "));
  const { status, headers, body } = await askRaw(port, Buffer.from(text, "latin1"), method === "HEAD");
  expect(leakedHeaders([headers])).toEqual([]);
  const { date, "x-envoy-upstream-service-time": _time, ...stable } = headers;
  if (headers["x-from-backend"] === undefined) {
    return { status, headers: stable, body };
  }
  const { "content-length": _length, ...ofUpstream } = stable;
  const { path, host, headers: fields, ...rest } = JSON.parse(body) as UpstreamRequest;
  const { "x-request-id": _id, "x-envoy-expected-rq-timeout-ms": _expected, ...sent } = fields;
  return { status, headers: ofUpstream, upstream: { ...rest, path, host, headers: sent } };
}

test.each(["mesh", "gateway_80"])(
  `${REQUESTS} hostile requests get the same answer of both targets: %s`,
  async (listener) => {
    const ports = portsOf(listener);
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(bytes, async (text) => {
        const [wasm, native] = await Promise.all([see(ports.wasm, text), see(ports.native, text)]);
        expect(wasm).toEqual(native);
        statuses.set(wasm.status, (statuses.get(wasm.status) ?? 0) + 1);
      }),
      { numRuns: REQUESTS, seed: SEED, endOnFailure: process.env.CI !== undefined },
    );
    // Were all of them refused, none would have got to a rule.
    expect(statuses.get(200)).toBeGreaterThan(REQUESTS / 20);
    // The mesh alone has hosts that it does not know.
    for (const status of [211, 212, 213, 214, 301, 400, 418, 426, ...(listener === "mesh" ? [502] : [])]) {
      expect(statuses.get(status), String(status)).toBeGreaterThan(0);
    }
    expect(
      leakedHeaders(
        mesh.upstream.requests.map(({ headers }) => headers),
        ["x-sluice-other"],
      ),
    ).toEqual([]);
  },
  60_000 + REQUESTS * 40,
);

test("and the filter survives them", async () => {
  expect((await ask(portsOf("mesh").wasm, { path: "/a/b", host: "reviews" })).status).toBe(200);
  const stats = await mesh.envoy.admin.stats("^wasm\\.");
  // No machine of the filter's had to be started again.
  expect(stats.get("wasm.sluice.vm_reload") ?? 0).toBe(0);
  expect(stats.get("wasm.envoy.wasm.runtime.v8.created")).toBe(machines);
  expect(mesh.envoy.log.filter((line) => /critical|wasm|trap/i.test(line))).toEqual([]);
});
