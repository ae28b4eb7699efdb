/**
 * A process of simulated Envoys, each with a connection of its own, told by its parent what to do (`swarm.ts`): what they cost must not
 * be counted as the server's.
 */

import { Client, credentials } from "@grpc/grpc-js";
import { type Counts, SimulatedEnvoy } from "./simulated-envoy.ts";
import { createWire } from "./wire.ts";

/** What the parent says. */
export type Order =
  | { readonly kind: "open"; readonly address: string; readonly ids: readonly string[] }
  /** Asks for what was received since it last asked. */
  | { readonly kind: "count" }
  /** Loses all streams, and opens others. */
  | { readonly kind: "reconnect" }
  | { readonly kind: "end" };

export interface Counted extends Counts {
  readonly kind: "counted";
  /** Streams that ended without being told to. */
  readonly lost: number;
}

const BACK_OFF_MS = 500;

const wire = await createWire();
const counts: Counts = { messages: 0, bytes: 0 };
const envoys: { readonly envoy: SimulatedEnvoy; connect(): void }[] = [];
let lost = 0;

function open(address: string, id: string): void {
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.max_receive_message_length": -1,
    "grpc.enable_channelz": 0,
  });
  const envoy = new SimulatedEnvoy(wire, id, counts);
  const connect = () =>
    envoy.connect(client, () => {
      lost += 1;
      setTimeout(connect, BACK_OFF_MS * Math.random());
    });
  envoys.push({ envoy, connect });
  connect();
}

process.on("message", (order: Order) => {
  switch (order.kind) {
    case "open":
      for (const id of order.ids) {
        open(order.address, id);
      }
      break;
    case "count": {
      const counted: Counted = { kind: "counted", lost, ...counts };
      process.send?.(counted);
      counts.messages = 0;
      counts.bytes = 0;
      lost = 0;
      break;
    }
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
