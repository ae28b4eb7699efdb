/** Clients of one server, on streams that are there at once, and where what is said is the message itself. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ResourceSet } from "../../back/xds/resource-set.ts";
import { emitResources } from "../../back/xds/resources.ts";
import { testListener, testOptions } from "../../back/xds/testing.ts";
import { AdsClient } from "./client.ts";
import type { AdsCodec } from "./codec.ts";
import { ModelEnvoy } from "./model-envoy.fixture.ts";
import type { AdsStream } from "./server.ts";
import type { DeltaRequest, DeltaResponse } from "./session.ts";
import { Turns } from "./turns.ts";

const rules = (version: number): ResourceSet =>
  emitResources(
    { listeners: [testListener([])], clusters: [] },
    testOptions({ blobs: new Map([["mesh", Uint8Array.of(version)]]) }),
  );

const messages = new Map<Uint8Array, object>();
const asBytes = (message: object): Uint8Array => {
  const bytes = new Uint8Array();
  messages.set(bytes, message);
  return bytes;
};

/** Programs are heavy, and nothing else is. */
const codec: AdsCodec = {
  decode: (bytes) => ({ typeUrl: "", node: undefined, request: messages.get(bytes) as DeltaRequest }),
  encode: asBytes,
  sizeOf: ({ resources }) => resources.filter(({ type }) => type === "extension").length << 20,
};

/** A proxy that answers when it is told to. */
class Peer {
  readonly client: AdsClient;
  readonly envoy = new ModelEnvoy();
  readonly waiting: DeltaResponse[] = [];
  endedBy: string | undefined;
  #onMessage: (bytes: Uint8Array) => void = () => {};
  #onEnd: () => void = () => {};

  constructor(turns: Turns) {
    this.client = new AdsClient({ codec, turns });
    this.connect();
  }

  connect(): void {
    const stream: AdsStream = {
      peer: { address: "127.0.0.1:1" },
      send: (bytes) => this.waiting.push(messages.get(bytes) as DeltaResponse),
      onMessage: (handler) => {
        this.#onMessage = handler;
      },
      onEnd: (handler) => {
        this.#onEnd = handler;
      },
      end: (status) => {
        this.endedBy = status;
      },
    };
    this.client.attach(stream);
    this.#say(this.envoy.connect());
  }

  lose(): void {
    this.waiting.length = 0;
    this.#onEnd();
  }

  answer(): void {
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      this.#say(this.envoy.take(next));
    }
  }

  get rules(): string | undefined {
    return this.envoy.has.get("extension")?.get("mesh")?.version;
  }

  #say(requests: readonly DeltaRequest[]): void {
    for (const request of requests) {
      this.#onMessage(asBytes(request));
    }
  }
}

const versionOf = (set: ResourceSet) => set.extension.get("mesh")?.version;

let turns: Turns;
let first: Peer;
let second: Peer;

/** Two proxies that serve by the same rules, on a server that sends programs to one at a time. */
beforeEach(async () => {
  vi.useFakeTimers();
  turns = new Turns(1);
  [first, second] = [new Peer(turns), new Peer(turns)];
  for (const proxy of [first, second]) {
    const taken = proxy.client.offer(rules(1), 1_000);
    proxy.answer();
    expect(await taken).toEqual({ kind: "taken" });
  }
});
afterEach(() => {
  messages.clear();
  vi.useRealTimers();
});

test("one that waits for its turn is sent nothing, and then the newest", async () => {
  const held = first.client.offer(rules(2), 15_000);
  const replaced = new AbortController();
  const old = second.client.offer(rules(2), 15_000, replaced.signal).catch(() => "given up");
  expect(first.waiting).toHaveLength(1);
  expect(second.waiting).toHaveLength(0);
  replaced.abort();
  expect(await old).toBe("given up");
  const newest = second.client.offer(rules(3), 15_000);
  first.answer();
  expect(await held).toEqual({ kind: "taken" });
  expect(second.waiting).toHaveLength(1);
  second.answer();
  expect(await newest).toEqual({ kind: "taken" });
  expect(second.rules).toBe(versionOf(rules(3)));
});

test("the time to answer begins when it is sent something", async () => {
  void first.client.offer(rules(2), 15_000);
  const waits = second.client.offer(rules(2), 1_000);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(second.waiting).toHaveLength(0);
  first.answer();
  await vi.advanceTimersByTimeAsync(900);
  expect(second.waiting).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(await waits).toEqual({ kind: "silent", open: [{ type: "extension", name: "mesh" }] });
});

test("one that is lost in its turn lets the next one begin, and takes another when it is back", async () => {
  const back = first.client.offer(rules(2), 60_000);
  const next = second.client.offer(rules(2), 60_000);
  first.lose();
  await vi.advanceTimersByTimeAsync(0);
  expect(second.waiting).toHaveLength(1);
  first.connect();
  expect(first.waiting.filter(({ type }) => type === "extension")).toEqual([]);
  second.answer();
  expect(await next).toEqual({ kind: "taken" });
  first.answer();
  expect(await back).toEqual({ kind: "taken" });
  expect(first.rules).toBe(versionOf(rules(2)));
});

test("one that says what cannot be read is told so, and whoever waits goes on waiting", async () => {
  const lines: string[] = [];
  const broken: AdsCodec = {
    ...codec,
    decode() {
      throw new Error("premature EOF");
    },
  };
  const client = new AdsClient({ codec: broken, onProblem: (line) => lines.push(line) });
  let handler: (bytes: Uint8Array) => void = () => {};
  let status: string | undefined;
  client.attach({
    peer: { address: "127.0.0.1:7" },
    send: () => {},
    onMessage: (one) => {
      handler = one;
    },
    onEnd: () => {},
    end: (one) => {
      status = one;
    },
  });
  const verdict = client.offer(rules(1), 1_000);
  handler(new Uint8Array(3));
  expect(status).toBe("INVALID_ARGUMENT");
  expect(lines).toEqual(["127.0.0.1:7 sent what is not a request: premature EOF"]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect((await verdict).kind).toBe("silent");
});
