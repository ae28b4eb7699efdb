/** gRPC as a client of the real library sees it: status codes of what the proxy answers itself, streams, trailers. */

import { setTimeout as sleep } from "node:timers/promises";
import * as grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ask } from "../harness/client.ts";
import { type BothTargets, openBothTargets, SIDES, type Side } from "./both-targets.ts";
import { whileTheyWait } from "./while-they-wait.ts";

const DELAY_MS = 300;
/** Longer than anybody waits here. */
const ENDLESS = "600000";

const RULES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: echo, namespace: shop }
spec:
  hosts: [echo]
  http:
  - match: [{ headers: { case: { exact: http-503 } } }]
    fault: { abort: { httpStatus: 503, percentage: { value: 100 } } }
    route: [{ destination: { host: echo } }]
  - match: [{ headers: { case: { exact: http-404 } } }]
    fault: { abort: { httpStatus: 404, percentage: { value: 100 } } }
    route: [{ destination: { host: echo } }]
  - match: [{ headers: { case: { exact: http-401 } } }]
    fault: { abort: { httpStatus: 401, percentage: { value: 100 } } }
    route: [{ destination: { host: echo } }]
  - match: [{ headers: { case: { exact: grpc-exhausted } } }]
    fault: { abort: { grpcStatus: RESOURCE_EXHAUSTED, percentage: { value: 100 } } }
    route: [{ destination: { host: echo } }]
  - match: [{ headers: { case: { exact: grpc-loss } } }]
    fault: { abort: { grpcStatus: DATA_LOSS, percentage: { value: 100 } } }
    route: [{ destination: { host: echo } }]
  - match: [{ headers: { case: { exact: delayed-abort } } }]
    fault:
      delay: { fixedDelay: 0.1s, percentage: { value: 100 } }
      abort: { grpcStatus: ABORTED, percentage: { value: 100 } }
    route: [{ destination: { host: echo } }]
  - match: [{ headers: { case: { exact: response } } }]
    directResponse: { status: 403, body: { string: no entry } }
  - match: [{ headers: { case: { exact: redirect } } }]
    redirect: { uri: /elsewhere }
  - match: [{ headers: { case: { exact: delay } } }]
    fault: { delay: { fixedDelay: ${DELAY_MS}ms, percentage: { value: 100 } } }
    route: [{ destination: { host: echo } }]
  - match: [{ headers: { case: { exact: timeout } } }]
    timeout: 0.1s
    route: [{ destination: { host: echo } }]
  - match: [{ headers: { case: { exact: no-retries } } }]
    retries: { attempts: 0 }
    route: [{ destination: { host: echo } }]
  - match: [{ headers: { case: { exact: retries } } }]
    retries: { attempts: 3, retryOn: "internal,resource-exhausted" }
    route: [{ destination: { host: echo } }]
  - match: [{ headers: { case: { exact: nobody } } }]
    route: [{ destination: { host: nobody } }]
  - match: [{ uri: { prefix: /test.Echo/ } }]
    route: [{ destination: { host: echo } }]
`;

/** The proxy gives up with the first, and a client and a server of this library, who know the deadline too, with the other. */
const OVERDUE = [grpc.status.UNAVAILABLE, grpc.status.DEADLINE_EXCEEDED];
const METHOD = { unary: "/test.Echo/Unary", stream: "/test.Echo/Stream" };
const asIs = (bytes: Buffer) => bytes;
const CODEC = {
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
};

/** What the server was asked; `code` and `times` of the metadata steer it: the first `times` calls of a `key` fail. */
interface Call {
  readonly metadata: grpc.Metadata;
  readonly messages: string[];
  /** By the clock of `performance.now()`. */
  readonly at: number;
  cancelled: boolean;
}

const calls: Call[] = [];
const failures = new Map<string, number>();
let server: grpc.Server;
let proxy: BothTargets;

beforeAll(async () => {
  server = new grpc.Server();
  server.addService(
    {
      unary: { path: METHOD.unary, requestStream: false, responseStream: false, ...CODEC },
      stream: { path: METHOD.stream, requestStream: true, responseStream: true, ...CODEC },
    },
    {
      unary(call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
        const one = note(call.metadata);
        one.messages.push(call.request.toString());
        const trailers = new grpc.Metadata();
        trailers.set("x-end", "unary");
        const code = failure(call.metadata);
        const wait = Number(call.metadata.get("wait")[0] ?? 0);
        const timer = setTimeout(() => {
          if (code !== undefined) {
            done({ code, details: "as asked", metadata: trailers });
          } else {
            done(null, call.request, trailers);
          }
        }, wait);
        call.on("cancelled", () => {
          one.cancelled = true;
          clearTimeout(timer);
        });
      },
      stream(call: grpc.ServerDuplexStream<Buffer, Buffer>) {
        const one = note(call.metadata);
        call.on("cancelled", () => {
          one.cancelled = true;
        });
        call.on("data", (message: Buffer) => {
          one.messages.push(message.toString());
          call.write(message);
        });
        call.on("error", () => {});
        call.on("end", () => {
          const trailers = new grpc.Metadata();
          trailers.set("x-count", String(one.messages.length));
          call.end(trailers);
        });
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  proxy = await openBothTargets(
    [
      { name: "echo", protocol: "GRPC", port },
      // Nothing listens on port 1.
      { name: "nobody", protocol: "GRPC", port: 1 },
    ],
    RULES,
  );
});

beforeEach(() => {
  calls.length = 0;
  failures.clear();
});

afterAll(async () => {
  expect(proxy.complaints()).toEqual([]);
  await proxy.close();
  server.forceShutdown();
});

function note(metadata: grpc.Metadata): Call {
  const one = { metadata, messages: [], at: performance.now(), cancelled: false };
  calls.push(one);
  return one;
}

function failure(metadata: grpc.Metadata): number | undefined {
  const [code] = metadata.get("code");
  if (code === undefined) {
    return undefined;
  }
  const seen = failures.get("") ?? 0;
  failures.set("", seen + 1);
  return seen < Number(metadata.get("times")[0] ?? 1e9) ? Number(code) : undefined;
}

function clientFor(side: Side): grpc.Client {
  return new grpc.Client(`127.0.0.1:${proxy.ports[side]}`, grpc.credentials.createInsecure(), {
    "grpc.default_authority": "echo",
    // Retries are the proxy's business here.
    "grpc.enable_retries": 0,
  });
}

function metadataOf(fields: Readonly<Record<string, string>>): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(fields)) {
    metadata.set(name, value);
  }
  return metadata;
}

interface Ended {
  readonly code: grpc.status;
  readonly details: string;
  readonly trailers: grpc.Metadata;
  readonly message: string | undefined;
}

function unary(
  client: grpc.Client,
  fields: Readonly<Record<string, string>>,
  options: grpc.CallOptions = {},
  message = "hello",
): Promise<Ended> {
  return new Promise((resolve) => {
    let answer: string | undefined;
    const call = client.makeUnaryRequest(
      METHOD.unary,
      asIs,
      asIs,
      Buffer.from(message),
      metadataOf(fields),
      options,
      (_error, reply) => {
        answer = reply?.toString();
      },
    );
    // The callback comes first.
    call.on("status", ({ code, details, metadata }) =>
      setImmediate(() => resolve({ code, details, trailers: metadata, message: answer })),
    );
  });
}

describe.each(SIDES)("target %s", (side) => {
  let client: grpc.Client;

  beforeAll(() => {
    client = clientFor(side);
  });

  afterAll(() => client.close());

  test("a call, its message and its trailers", async () => {
    const ended = await unary(client, { "x-mine": "1" });
    expect(ended).toMatchObject({ code: grpc.status.OK, message: "hello" });
    expect(ended.trailers.get("x-end")).toEqual(["unary"]);
    expect(calls).toHaveLength(1);
    expect(calls[0]!.metadata.get("x-mine")).toEqual(["1"]);
    expect(calls[0]!.metadata.get("te")).toEqual([]);
  });

  test("a status of the server's, with its details and trailers", async () => {
    const ended = await unary(client, { code: String(grpc.status.NOT_FOUND) });
    expect(ended).toMatchObject({ code: grpc.status.NOT_FOUND, details: "as asked" });
    expect(ended.trailers.get("x-end")).toEqual(["unary"]);
  });

  test.each([
    ["http-503", grpc.status.UNAVAILABLE, "fault filter abort"],
    ["http-404", grpc.status.UNIMPLEMENTED, "fault filter abort"],
    ["http-401", grpc.status.UNAUTHENTICATED, "fault filter abort"],
    ["grpc-exhausted", grpc.status.RESOURCE_EXHAUSTED, "fault filter abort"],
    ["grpc-loss", grpc.status.DATA_LOSS, "fault filter abort"],
    ["delayed-abort", grpc.status.ABORTED, "fault filter abort"],
    ["response", grpc.status.PERMISSION_DENIED, "no entry"],
  ])("answered by the proxy: %s", async (name, code, details) => {
    expect(await unary(client, { case: name })).toMatchObject({ code, details, message: undefined });
    expect(calls).toEqual([]);
  });

  test("no rule, no route: UNIMPLEMENTED; nobody at home: UNAVAILABLE", async () => {
    const lost = await new Promise<grpc.ServiceError | null>((resolve) => {
      client.makeUnaryRequest("/test.Other/Unary", asIs, asIs, Buffer.alloc(0), (error) => resolve(error));
    });
    expect(lost?.code).toBe(grpc.status.UNIMPLEMENTED);
    expect((await unary(client, { case: "nobody" })).code).toBe(grpc.status.UNAVAILABLE);
    expect((await unary(client, { case: "redirect" })).code).not.toBe(grpc.status.OK);
  });

  test("an abort with a gRPC status is no answer to a client that speaks plain HTTP", async () => {
    const answer = await ask(proxy.ports[side], {
      path: "/test.Echo/Unary",
      host: "echo",
      headers: { case: "grpc-exhausted" },
    });
    expect(answer).toMatchObject({ status: 200, body: "fault filter abort" });
    expect(answer.headers["grpc-status"]).toBeUndefined();
  });

  test("a rule's timeout ends the call", async () => {
    expect(OVERDUE).toContain((await unary(client, { case: "timeout", wait: ENDLESS })).code);
  });

  test("retries by gRPC status: the default for UNAVAILABLE, none, and the rule's own", async () => {
    const { UNAVAILABLE, INTERNAL, OK } = grpc.status;
    expect((await unary(client, { code: String(UNAVAILABLE), times: "2" })).code).toBe(OK);
    expect(calls.length).toBe(3);
    calls.length = 0;
    failures.clear();
    expect((await unary(client, { case: "no-retries", code: String(UNAVAILABLE), times: "1" })).code).toBe(
      UNAVAILABLE,
    );
    expect(calls.length).toBe(1);
    calls.length = 0;
    failures.clear();
    expect((await unary(client, { case: "retries", code: String(INTERNAL), times: "3" })).code).toBe(OK);
    expect(calls.length).toBe(4);
  });

  test("messages that a client streams during a delay arrive in order, and so do those after", async () => {
    const start = performance.now();
    const stream = client.makeBidiStreamRequest(METHOD.stream, asIs, asIs, metadataOf({ case: "delay" }));
    const echoed: string[] = [];
    stream.on("data", (message: Buffer) => echoed.push(message.toString()));
    const ended = new Promise<grpc.StatusObject>((resolve) => {
      stream.on("status", resolve);
    });
    stream.on("error", () => {});
    for (let i = 0; i < 20; i++) {
      stream.write(Buffer.from(`message ${i}`));
      await sleep(5);
    }
    await sleep(DELAY_MS + 50);
    for (let i = 20; i < 30; i++) {
      stream.write(Buffer.from(`message ${i}`));
    }
    stream.end();
    const status = await ended;
    expect(calls).toHaveLength(1);
    expect(calls[0]!.at - start).toBeGreaterThan(DELAY_MS - 11);
    expect(status.code).toBe(grpc.status.OK);
    expect(status.metadata.get("x-count")).toEqual(["30"]);
    expect(echoed).toEqual(Array.from({ length: 30 }, (_, i) => `message ${i}`));
  });

  test("a client whose deadline is over, or that gives up, ends the call at the server too", async () => {
    // During a delay the server never hears of it.
    await whileTheyWait(DELAY_MS, async () => {
      calls.length = 0;
      const early = await unary(client, { case: "delay" }, { deadline: Date.now() + 100 });
      expect(early.code).toBe(grpc.status.DEADLINE_EXCEEDED);
      await expect.poll(() => proxy.stat(side, "downstream_rq_active"), { interval: 10 }).toBe(0);
    });
    await sleep(DELAY_MS + 100);
    expect(calls).toEqual([]);
    // On a busy machine a deadline may be over before the server hears of it.
    for (let ms = 200; calls.length === 0; ms *= 2) {
      const late = await unary(client, { wait: ENDLESS }, { deadline: Date.now() + ms });
      expect(OVERDUE).toContain(late.code);
    }
    await expect.poll(() => calls.map(({ cancelled }) => cancelled)).toEqual([true]);
  });
});
