/**
 * The oldest Envoy that there is a promise for: that it does what is new, and what it does in another way than the newest
 * (docs/rules.md, "Envoy 1.36"). Whoever raises the oldest version learns here what the documentation need not say any more.
 */

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { OLDEST_ENVOY } from "../../compiler/platform/version.ts";
import { WORLD } from "../conformance/format.ts";
import { Twin } from "../differential/twin.ts";
import { ask } from "../harness/client.ts";
import { Mesh } from "../harness/mesh.ts";
import { SIDES, type Side } from "./both-targets.ts";

const RULES = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop, annotations: { sluice.dev/compression: "brotli, gzip, zstd" } }
spec:
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge, namespace: shop }
spec:
  hosts: ["*"]
  gateways: [edge]
  http:
  - match: [{ uri: { exact: /lines }, headers: { x-a: { exact: two } } }]
    directResponse: { status: 210 }
  - match: [{ uri: { exact: /lines } }]
    directResponse: { status: 211 }
  - match: [{ uri: { exact: /written } }]
    timeout: 3s
    headers: { request: { set: { grpc-timeout: 42S } } }
    route: [{ destination: { host: reviews } }]
  - route: [{ destination: { host: reviews } }]
`;

let mesh: Mesh;
let ports: Readonly<Record<Side, number>>;

beforeAll(async () => {
  vi.stubEnv("ENVOY_BIN", "");
  vi.stubEnv("SLUICE_ENVOY_VERSION", OLDEST_ENVOY);
  const twin = new Twin();
  mesh = await Mesh.create({ target: "wasm", emit: twin.emit });
  const applied = await mesh.apply([WORLD, RULES], {
    proxy: { proxyNamespace: "shop", pathNormalization: "DECODE_AND_MERGE_SLASHES" },
  });
  ports = { wasm: applied.ports.get("gateway_80")!, native: twin.nativePort("gateway_80") };
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await mesh?.close();
});

describe.each(SIDES)("target %s", (side) => {
  const get = (path: string, headers: Readonly<Record<string, string | readonly string[]>> = {}) =>
    ask(ports[side], { host: "a.example", path, headers });
  const arrived = ({ body }: { readonly body: string }) =>
    JSON.parse(body) as { path: string; headers: Record<string, string> };

  test.each(["brotli", "gzip", "zstd"])("compresses with %s", async (algorithm) => {
    const coding = algorithm === "brotli" ? "br" : algorithm;
    const { status, headers } = await get("/", { "accept-encoding": coding, "x-long": "a".repeat(4_000) });
    expect([status, headers["content-encoding"]]).toEqual([200, [coding]]);
  });

  test("header lines are joined before they are compared with native; the filter compares each", async () => {
    const { status } = await get("/lines", { "x-a": ["one", "two"] });
    expect(status).toBe(side === "wasm" ? 210 : 211);
  });

  test("what a rule writes into grpc-timeout is what the router goes by, and writes again", async () => {
    const answer = await get("/written", { "content-type": "application/grpc" });
    expect(arrived(answer).headers["grpc-timeout"]).toBe("3000m");
  });

  test("a dot segment with a parameter is none", async () => {
    expect(arrived(await get("/..;/admin")).path).toBe("/..;/admin");
  });

  test("QUERY over HTTP/1.1 is refused", async () => {
    const { status } = await ask(ports[side], { method: "QUERY", host: "a.example", path: "/" });
    expect(status).toBe(400);
  });
});
