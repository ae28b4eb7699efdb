/** Responses that a gateway compresses, in a real Envoy, and those that it must leave alone. */

import { once } from "node:events";
import http, { type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import zlib from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KEPT_CONNECTIONS } from "../harness/kept-connections.ts";
import { Mesh } from "../harness/mesh.ts";
import { TARGETS } from "../harness/targets.ts";

const TEXT = "All work and no play makes Jack a dull boy. ".repeat(100);
const PACKED = zlib.gzipSync(TEXT);

/** What the upstream answers, by path. */
const ANSWERS: Readonly<Record<string, { status?: number; headers: object; body: string | Buffer }>> = {
  "/json": { headers: { "content-type": "application/json; charset=utf-8" }, body: TEXT },
  "/strong": { headers: { "content-type": "text/html", etag: '"1"' }, body: TEXT },
  "/weak": { headers: { "content-type": "text/html", etag: 'W/"1"' }, body: TEXT },
  "/packed": { headers: { "content-type": "text/html", "content-encoding": "gzip" }, body: PACKED },
  "/kept": { headers: { "content-type": "text/html", "cache-control": "no-transform" }, body: TEXT },
  "/part": {
    status: 206,
    headers: { "content-type": "text/html", "content-range": "bytes 0-4399/9999" },
    body: TEXT,
  },
  "/small": { headers: { "content-type": "text/html" }, body: TEXT.slice(0, 1399) },
  "/image": { headers: { "content-type": "image/png" }, body: TEXT },
  "/grpc": { headers: { "content-type": "application/grpc" }, body: TEXT },
};

const seen: IncomingHttpHeaders[] = [];
const upstream = http.createServer(KEPT_CONNECTIONS, (request, response) => {
  seen.push(request.headers);
  const { url = "" } = request;
  if (url === "/events") {
    // Never ends: what arrives has not waited for the rest.
    response.writeHead(200, { "content-type": "text/event-stream" }).write("data: one\n\n");
    return;
  }
  const { status = 200, headers, body } = ANSWERS[url]!;
  const length = { "content-length": Buffer.byteLength(body) };
  response.writeHead(status, { ...headers, ...length }).end(request.method === "HEAD" ? undefined : body);
});

beforeAll(async () => {
  await once(upstream.listen(0, "127.0.0.1"), "listening");
});

afterAll(() => {
  upstream.closeAllConnections();
  upstream.close();
});

const rules = (compression: string) => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: edge
  annotations:
    sluice.dev/compression: '${compression}'
    sluice.dev/error-page: "404: ${TEXT.slice(0, -1)}"
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: texts }
spec:
  hosts: [texts.example]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: ${(upstream.address() as AddressInfo).port} }]
  endpoints: [{ address: 127.0.0.1 }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: texts }
spec:
  hosts: [texts.example]
  gateways: [edge, mesh]
  http:
  - match: [{ uri: { exact: /none } }]
    route: [{ destination: { host: texts.example } }]
    headers: { request: { remove: [accept-encoding] } }
    rewrite: { uri: /json }
  - match: [{ uri: { exact: /direct } }]
    directResponse: { status: 200, body: { string: "${TEXT.slice(0, -1)}" } }
    headers: { response: { set: { content-type: text/plain } } }
  - match: [{ uri: { regex: "/[a-z]+" } }]
    route: [{ destination: { host: texts.example } }]
`;

interface Got {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

async function get(port: number, path: string, accepted?: string, method = "GET"): Promise<Got> {
  const headers = { host: "texts.example", ...(accepted !== undefined && { "accept-encoding": accepted }) };
  const request = http.request({ port, host: "127.0.0.1", path, method, headers, agent: false }).end();
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    if (path === "/events") {
      request.destroy();
      break;
    }
  }
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

const UNPACK: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  gzip: zlib.gunzipSync,
  br: zlib.brotliDecompressSync,
};

describe.each(TARGETS)("target %s", (target) => {
  let mesh: Mesh;
  let port: number;
  let meshPort: number;

  beforeAll(async () => {
    mesh = await Mesh.create({ target });
    const { ports, diagnostics } = await mesh.apply([rules("brotli, gzip, zstd")]);
    expect(diagnostics).toEqual([]);
    port = ports.get("gateway_80")!;
    meshPort = ports.get("mesh")!;
  });

  afterAll(async () => {
    await mesh?.close();
  });

  test.each([
    ["gzip", "gzip"],
    ["gzip, br", "br"],
    ["gzip;q=1, br;q=0.5", "gzip"],
    ["br;q=0, gzip;q=0.1", "gzip"],
    ["*", "br"],
    ["zstd", "zstd"],
    ["identity", undefined],
    ["gzip;q=0", undefined],
    ["nonsense;;;q=, ,", undefined],
    [undefined, undefined],
  ])("a client that accepts %s gets %s", async (accepted, encoding) => {
    const { headers, body } = await get(port, "/json", accepted);
    expect(headers["content-encoding"]).toBe(encoding);
    expect(headers.vary?.toLowerCase()).toBe("accept-encoding");
    if (encoding === undefined) {
      expect(String(body)).toBe(TEXT);
      return;
    }
    expect(body.length).toBeLessThan(TEXT.length / 2);
    if (encoding in UNPACK) {
      expect(String(UNPACK[encoding]!(body))).toBe(TEXT);
    }
  });

  test("the upstream is asked as the client asked, and what a rule does with that changes nothing", async () => {
    seen.length = 0;
    await get(port, "/json", "gzip");
    expect(seen[0]!["accept-encoding"]).toBe("gzip");
    const { headers } = await get(port, "/none", "gzip");
    expect(seen[1]!["accept-encoding"]).toBeUndefined();
    expect(headers["content-encoding"]).toBe("gzip");
  });

  test("a strong ETag goes, since the bytes are others; a weak one stays", async () => {
    expect((await get(port, "/strong", "gzip")).headers.etag).toBeUndefined();
    expect((await get(port, "/strong")).headers.etag).toBe('"1"');
    expect((await get(port, "/weak", "gzip")).headers.etag).toBe('W/"1"');
  });

  test.each(["/kept", "/part", "/small", "/image", "/grpc"])("%s stays as it is", async (path) => {
    const { headers, body } = await get(port, path, "gzip, br");
    expect(headers["content-encoding"]).toBeUndefined();
    expect(String(body)).toBe(String(ANSWERS[path]!.body));
  });

  test("what is compressed is not compressed again, and a HEAD has no body", async () => {
    const { headers, body } = await get(port, "/packed", "br, gzip");
    expect(headers["content-encoding"]).toBe("gzip");
    expect(body.equals(PACKED)).toBe(true);
    expect((await get(port, "/json", "gzip", "HEAD")).body).toHaveLength(0);
  });

  test("an event arrives while the stream goes on", async () => {
    const { headers, body } = await get(port, "/events", "gzip");
    expect(headers["content-encoding"]).toBeUndefined();
    expect(String(body)).toBe("data: one\n\n");
  });

  test("what the proxy answers itself is compressed alike", async () => {
    for (const [path, status] of [
      ["/direct", 200],
      ["/NONE", 404],
    ] as const) {
      const got = await get(port, path, "gzip");
      expect([got.status, got.headers["content-encoding"]]).toEqual([status, "gzip"]);
      expect(String(zlib.gunzipSync(got.body))).toBe(TEXT.slice(0, -1));
    }
  });

  test("the mesh compresses nothing", async () => {
    expect((await get(meshPort, "/json", "gzip")).headers["content-encoding"]).toBeUndefined();
  });
});
