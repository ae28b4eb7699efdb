/** gRPC-Web at a Gateway's server of that protocol: browsers speak HTTP/1.1, the service speaks gRPC. */

import * as grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Twin } from "../differential/twin.ts";
import { ask, type ClientResponse } from "../harness/client.ts";
import { Mesh } from "../harness/mesh.ts";
import { SIDES, type Side } from "./both-targets.ts";

const RULES = (port: number) => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: web, namespace: shop }
spec:
  servers:
  - { port: { number: 80, name: web, protocol: GRPC-WEB }, hosts: ["*"] }
  - { port: { number: 81, name: plain, protocol: GRPC }, hosts: ["*"] }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: echo, namespace: shop }
spec:
  hosts: [echo.shop.svc.cluster.local]
  resolution: STATIC
  ports: [{ number: 80, name: p, protocol: GRPC, targetPort: ${port} }]
  endpoints: [{ address: 127.0.0.1 }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: echo, namespace: shop }
spec:
  hosts: [echo.example]
  gateways: [web]
  http:
  - match: [{ headers: { case: { exact: abort } } }]
    fault: { abort: { httpStatus: 503, percentage: { value: 100 } } }
    route: [{ destination: { host: echo } }]
  - match: [{ headers: { case: { exact: delayed-abort } } }]
    fault:
      delay: { fixedDelay: 0.05s, percentage: { value: 100 } }
      abort: { grpcStatus: RESOURCE_EXHAUSTED, percentage: { value: 100 } }
    route: [{ destination: { host: echo } }]
  - match: [{ headers: { case: { exact: by-type }, content-type: { exact: application/grpc-web-text } } }]
    directResponse: { status: 210 }
  - match: [{ headers: { case: { exact: response } } }]
    directResponse: { status: 403 }
  - match: [{ headers: { case: { exact: timeout } } }]
    timeout: 3s
    route: [{ destination: { host: echo } }]
  - match: [{ uri: { prefix: /test.Echo/ } }]
    route: [{ destination: { host: echo } }]
`;

const asIs = (bytes: Buffer) => bytes;
const seen: grpc.Metadata[] = [];
let server: grpc.Server;
let mesh: Mesh;
let ports: Readonly<Record<Side, Readonly<Record<80 | 81, number>>>>;

beforeAll(async () => {
  server = new grpc.Server();
  server.addService(
    {
      unary: {
        path: "/test.Echo/Unary",
        requestStream: false,
        responseStream: false,
        requestSerialize: asIs,
        requestDeserialize: asIs,
        responseSerialize: asIs,
        responseDeserialize: asIs,
      },
    },
    {
      unary(call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
        seen.push(call.metadata);
        const trailers = new grpc.Metadata();
        trailers.set("x-end", "unary");
        done(null, Buffer.concat([Buffer.from("echo: "), call.request]), trailers);
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const twin = new Twin();
  mesh = await Mesh.create({ target: "wasm", emit: twin.emit });
  const applied = await mesh.apply([RULES(port)], { proxy: { proxyNamespace: "shop" } });
  expect(applied.diagnostics.map(({ message }) => message)).toEqual([]);
  ports = {
    wasm: { 80: applied.ports.get("gateway_80")!, 81: applied.ports.get("gateway_81")! },
    native: { 80: twin.nativePort("gateway_80"), 81: twin.nativePort("gateway_81") },
  };
});

beforeEach(() => {
  seen.length = 0;
});

afterAll(async () => {
  await mesh?.close();
  server?.forceShutdown();
});

/** A frame of gRPC: 0 for a message, 0x80 for trailers in gRPC-Web. */
function frame(flag: number, text: string): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(Buffer.byteLength(text), 1);
  return Buffer.concat([head, Buffer.from(text)]);
}

describe.each(SIDES)("target %s", (side) => {
  /** As text, so that the client of the harness can read it: base64. */
  async function call(
    headers: Readonly<Record<string, string>> = {},
    port: 80 | 81 = 80,
  ): Promise<ClientResponse> {
    const type = "application/grpc-web-text";
    return ask(ports[side][port], {
      method: "POST",
      path: "/test.Echo/Unary",
      host: "echo.example",
      headers: { "content-type": type, accept: type, "x-grpc-web": "1", ...headers },
      body: frame(0, "hello").toString("base64"),
    });
  }

  /** Each frame is encoded by itself. */
  function framesOf(body: string): { readonly flag: number; readonly text: string }[] {
    const bytes = Buffer.concat((body.match(/[^=]+=*/g) ?? []).map((part) => Buffer.from(part, "base64")));
    const frames: { flag: number; text: string }[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = at + 5 + bytes.readUInt32BE(at + 1);
      frames.push({ flag: bytes.readUInt8(at), text: bytes.toString("latin1", at + 5, end) });
      at = end;
    }
    return frames;
  }

  test("a call, its message and its trailers", async () => {
    const answer = await call({ "x-mine": "1" });
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]?.[0]).toMatch(/^application\/grpc-web-text/);
    const [message, trailers] = framesOf(answer.body);
    expect(message).toEqual({ flag: 0, text: "echo: hello" });
    expect(trailers?.flag).toBe(0x80);
    expect(trailers?.text).toContain("grpc-status:0\r\n");
    expect(trailers?.text).toContain("x-end:unary\r\n");
    expect(seen.map((metadata) => metadata.get("x-mine"))).toEqual([["1"]]);
  });

  test.each([
    ["abort", 503],
    ["delayed-abort", 200],
    ["response", 403],
    ["by-type", 210],
  ])("answered by the proxy, with an HTTP status: %s", async (name, status) => {
    const answer = await call({ case: name });
    expect(answer.status).toBe(status);
    // No message, nothing that looks like success.
    expect(answer.headers["grpc-status"]).not.toEqual(["0"]);
    expect(answer.body).not.toContain("echo");
    expect(seen).toEqual([]);
  });

  test("a deadline counts where the proxy translates, and a rule's timeout bounds it", async () => {
    const told = async (fields: Readonly<Record<string, string>>) => {
      seen.length = 0;
      await call(fields);
      return seen.map((metadata) => metadata.get("x-envoy-expected-rq-timeout-ms"));
    };
    expect(await told({ case: "timeout", "grpc-timeout": "2S" })).toEqual([["2000"]]);
    expect(await told({ case: "timeout", "grpc-timeout": "5S" })).toEqual([["3000"]]);
    expect(await told({ "grpc-timeout": "5S" })).toEqual([["5000"]]);
  });

  test("a server of another protocol does not translate", async () => {
    const answer = await call({}, 81);
    expect(answer.headers["content-type"]?.[0] ?? "").not.toMatch(/grpc-web/);
    expect(seen).toEqual([]);
  });
});
