/**
 * What Envoy refuses before any rule, and what it lets through to them: each request is sent to both targets, and
 * `explain` has to say of it what they do.
 */

import { afterAll, beforeAll, expect, test } from "vitest";
import { Evaluators } from "../../compiler/answers/evaluate/evaluator.ts";
import type { AskedRequest } from "../../compiler/answers/request/asked.ts";
import { requestAt } from "../../compiler/answers/request/request-at.ts";
import { loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { filterModulePath } from "../../compiler/platform/package-root.ts";
import { WORLD } from "../conformance/format.ts";
import { GATEWAY } from "../differential/scenario.ts";
import { Twin } from "../differential/twin.ts";
import { ask, askHttp2 } from "../harness/client.ts";
import { Mesh } from "../harness/mesh.ts";

const RULES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: all, namespace: shop }
spec:
  hosts: ["*.example"]
  gateways: [edge, mesh]
  http:
  - match: [{ scheme: { exact: https } }]
    directResponse: { status: 210 }
  - match: [{ scheme: { exact: ftp } }]
    directResponse: { status: 211 }
  - match: [{ method: { exact: FOO } }]
    directResponse: { status: 212 }
  - match: [{ headers: { upgrade: { exact: websocket }, connection: { regex: "(?i).*upgrade.*" } } }]
    directResponse: { status: 213 }
  - match: [{ headers: { te: { exact: trailers } } }]
    directResponse: { status: 214 }
  - match: [{ headers: { x-a: {} } }]
    directResponse: { status: 215 }
  - directResponse: { status: 216 }
`;

let mesh: Mesh;
let evaluators: Evaluators;
const twin = new Twin();
let ports: ReadonlyMap<string, number>;

beforeAll(async () => {
  mesh = await Mesh.create({ target: "wasm", emit: twin.emit });
  const applied = await mesh.apply([WORLD, GATEWAY, RULES], { proxy: { proxyNamespace: "shop" } });
  ports = applied.ports;
  evaluators = new Evaluators(loadFilter(filterModulePath()), applied.compilation!.config);
});

afterAll(async () => {
  await mesh?.close();
});

const many = (count: number) => Array.from({ length: count }, (_, i) => [`x-${i}`, "v"] as const);

type Asked = Partial<AskedRequest>;

/** `undefined`: no answer. Where a mesh differs from an edge, its status stands second. */
type Row = readonly [what: string, asked: Asked, atEdge: number | undefined, atMesh?: number];

const REQUESTS: readonly Row[] = [
  ["https, over HTTP/2", { secure: true }, 210],
  ["https, over HTTP/1.1", { secure: true, protocol: "HTTP/1.1" }, 403, 210],
  ["ftp, over HTTP/2", { scheme: "ftp" }, 211],
  ["ftp, over HTTP/1.1", { scheme: "ftp", protocol: "HTTP/1.1" }, 400],
  ["an x-forwarded-proto", { headers: [["x-forwarded-proto", "https"]] }, 216, 210],
  ["the same over HTTP/2", { headers: [["x-forwarded-proto", "https"]], protocol: "HTTP/2" }, 216],
  ["an empty one", { headers: [["x-forwarded-proto", ""]] }, 216, 404],
  ["FOO", { method: "FOO" }, 400],
  ["FOO over HTTP/2", { method: "FOO", protocol: "HTTP/2" }, 212],
  ["get", { method: "get" }, 400],
  ["M-SEARCH", { method: "M-SEARCH" }, 400],
  ["PURGE", { method: "PURGE" }, 216],
  ["99 headers and a host", { headers: many(99) }, 216],
  ["100 headers and a host", { headers: many(100) }, 431],
  ["96 headers over HTTP/2", { headers: many(96), protocol: "HTTP/2" }, 216],
  ["97 headers over HTTP/2", { headers: many(97), protocol: "HTTP/2" }, undefined],
  ["headers that become one", { headers: Array.from({ length: 120 }, () => ["accept", "v"] as const) }, 216],
  ["60 KiB", { headers: [["x-a", "v".repeat(61_440 - 42)]] }, 215],
  ["a byte more", { headers: [["x-a", "v".repeat(61_440 - 41)]] }, 431],
  [
    "an upgrade to WebSocket",
    {
      headers: [
        ["connection", "Upgrade"],
        ["upgrade", "websocket"],
      ],
    },
    213,
  ],
  [
    "another upgrade",
    {
      headers: [
        ["connection", "upgrade"],
        ["upgrade", "other"],
      ],
    },
    403,
  ],
  ["an upgrade without its connection", { headers: [["upgrade", "websocket"]] }, 216],
  ["an upgrade over HTTP/2", { headers: [["upgrade", "websocket"]], protocol: "HTTP/2" }, undefined],
  ["te", { headers: [["te", "gzip, trailers"]] }, 214],
  ["another te", { headers: [["te", "gzip"]] }, 216],
  [
    "a header that the connection keeps",
    {
      headers: [
        ["connection", "x-a"],
        ["x-a", "1"],
      ],
    },
    216,
  ],
  ["a host that it may not keep", { headers: [["connection", "x-forwarded-for"]] }, 400],
  [
    "two lengths",
    {
      headers: [
        ["content-length", "0"],
        ["content-length", "0"],
      ],
    },
    400,
  ],
  ["a length that is none", { headers: [["content-length", "x"]] }, 400],
  ["an unknown encoding", { headers: [["transfer-encoding", "gzip"]] }, 501],
  ["a path without a slash", { path: "x" }, 400],
  ["the path *", { path: "*", method: "OPTIONS" }, 404],
  ["a host with a slash", { authority: "a/b.example" }, 400],
  ["a host with a user", { authority: "user@a.example" }, 216],
  ["the same over HTTP/2", { authority: "user@a.example", protocol: "HTTP/2" }, undefined],
];

test.each(REQUESTS.map((row) => ({ what: row[0], row })))("$what", async ({ row }) => {
  const [, more, atEdge, atMesh = atEdge] = row;
  const asked: AskedRequest = { method: "GET", authority: "a.example", path: "/", headers: [], ...more };
  for (const [name, expected] of [
    ["gateway_80", atEdge],
    ["mesh", atMesh],
  ] as const) {
    const { outcome } = evaluators.get(name)!.evaluate(asked);
    expect(outcome.kind === "answer" && outcome.by === "reset" ? undefined : outcome.answer.status).toBe(
      expected,
    );
    const { protocol, saysScheme, authority, headers, ...line } = requestAt(asked, {});
    const lines: Record<string, string[]> = {};
    for (const [header, value] of headers) {
      lines[header] = [...(lines[header] ?? []), value];
    }
    const request = {
      method: line.method,
      path: line.path,
      host: authority,
      headers: lines,
      ...(saysScheme !== undefined && { scheme: saysScheme }),
    };
    for (const port of [ports.get(name)!, twin.nativePort(name)]) {
      const answer = await (protocol === "HTTP/2" ? askHttp2 : ask)(port, request).catch(() => undefined);
      expect(answer?.status).toBe(expected);
      // What is refused has the body that is said, too.
      if (outcome.kind === "answer" && outcome.by === "refused") {
        expect(answer?.body).toBe(outcome.answer.body);
      }
    }
  }
});
