/** An upstream that costs little: every request gets the same bytes. Runs in a thread of its own. */

import net from "node:net";
import { parentPort, Worker } from "node:worker_threads";

const RESPONSE = Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
const END_OF_HEAD = "\r\n\r\n";

/** What `workerData` is in the thread. */
export const UPSTREAM_THREAD = "upstream";

/** Starts the thread from the program that runs now; gives the port and how to end it. */
export function startUpstreamThread(program: URL): Promise<{ port: number; stop(): Promise<unknown> }> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { workerData: UPSTREAM_THREAD });
    worker.once("error", reject);
    worker.once("message", (port: number) => resolve({ port, stop: () => worker.terminate() }));
  });
}

/** What the thread does. */
export function serveUpstream(): void {
  const server = net.createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      // Envoy sends the next request on a connection after the answer to the last, and none has a body.
      if (chunk.indexOf(END_OF_HEAD) >= 0) {
        socket.write(RESPONSE);
      }
    });
  });
  server.listen(0, "127.0.0.1", () => parentPort!.postMessage((server.address() as net.AddressInfo).port));
}
