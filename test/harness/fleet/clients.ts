/**
 * A process of simulated Envoys, each with a connection of its own, told by its parent what to do (`swarm.ts`): what they cost must not
 * be counted as the server's.
 */

import { Client, credentials } from "@grpc/grpc-js";
import { SimulatedEnvoy } from "./simulated-envoy.ts";
import { createWire } from "./wire.ts";

/** What the parent says. */
export type Order =
  | { readonly kind: "open"; readonly address: string; readonly ids: readonly string[] }
  /** Asks for what was received since it last asked: at once, or when every client has received something. */
  | { readonly kind: "count"; readonly everybody: boolean }
  /** Loses all streams, and opens others. */
  | { readonly kind: "reconnect" }
  /** Each reports that it has counted this of each of these. Answered when all reports were taken. */
  | { readonly kind: "report"; readonly names: readonly string[]; readonly value: number }
  | { readonly kind: "end" };

export interface Reported {
  /** Of all clients. */
  readonly bytes: number;
}

export interface Counted {
  readonly messages: number;
  readonly bytes: number;
  /** When each client has received something last. */
  readonly times: readonly number[];
  /** Streams that ended without being told to. */
  readonly lost: number;
}

const BACK_OFF_MS = 500;
const LOOK_MS = 5;

const REPORT = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
const asIs = (bytes: Buffer) => bytes;

const wire = await createWire();
const envoys: {
  readonly id: string;
  readonly client: Client;
  readonly envoy: SimulatedEnvoy;
  connect(): void;
}[] = [];
let lost = 0;

function open(address: string, id: string): void {
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.max_receive_message_length": -1,
    "grpc.enable_channelz": 0,
  });
  const envoy = new SimulatedEnvoy(wire, id);
  const connect = () =>
    envoy.connect(client, () => {
      lost += 1;
      setTimeout(connect, BACK_OFF_MS * Math.random());
    });
  envoys.push({ id, client, envoy, connect });
  connect();
}

function count(everybody: boolean): void {
  const all = envoys.map(({ envoy }) => envoy.counts);
  if (everybody && all.some(({ messages }) => messages === 0)) {
    setTimeout(() => count(everybody), LOOK_MS);
    return;
  }
  const counted: Counted = {
    messages: all.reduce((sum, { messages }) => sum + messages, 0),
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    times: all.map(({ at }) => at),
    lost,
  };
  process.send?.(counted);
  for (const one of all) {
    one.messages = 0;
    one.bytes = 0;
  }
  lost = 0;
}

async function report(names: readonly string[], value: number): Promise<void> {
  const statistics = wire.writeStatistics(names, value, Date.now());
  const sizes = await Promise.all(
    envoys.map(async ({ id, client }) => {
      const bytes = wire.writeReport(id, statistics);
      await new Promise<void>((resolve, reject) => {
        client.makeUnaryRequest(REPORT, asIs, asIs, bytes, (error) => (error ? reject(error) : resolve()));
      });
      return bytes.length;
    }),
  );
  process.send?.({ bytes: sizes.reduce((sum, size) => sum + size, 0) } satisfies Reported);
}

process.on("message", (order: Order) => {
  switch (order.kind) {
    case "open":
      for (const id of order.ids) {
        open(order.address, id);
      }
      break;
    case "count":
      count(order.everybody);
      break;
    case "report":
      void report(order.names, order.value);
      break;
    case "reconnect":
      for (const { envoy, connect } of envoys) {
        envoy.close();
        connect();
      }
      break;
    case "end":
      process.exit(0);
  }
});
process.on("disconnect", () => process.exit(0));
