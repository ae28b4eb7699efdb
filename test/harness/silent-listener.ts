/** A port that takes no connection: whoever connects waits, as with a machine that is switched off. */

import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";

export interface SilentListener {
  readonly port: number;
  close(): Promise<void>;
}

/** A thread that listens and then never turns its loop again, so that nothing is accepted. */
const LISTEN = `
  const { parentPort } = require("node:worker_threads");
  const server = require("node:net").createServer();
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
`;

/** More than the backlog, so that the system drops what comes after. */
const FILL = 4;

export async function silentListener(): Promise<SilentListener> {
  const worker = new Worker(LISTEN, { eval: true });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  await sleep(50);
  const sockets = Array.from({ length: FILL }, () => {
    const socket = net.connect({ host: "127.0.0.1", port });
    socket.on("error", () => {});
    return socket;
  });
  await sleep(100);
  return {
    port,
    async close() {
      for (const socket of sockets) {
        socket.destroy();
      }
      await worker.terminate();
    },
  };
}
