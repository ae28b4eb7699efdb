/** An upstream that costs little: every request gets the same bytes, or, below `/large`, more of them. Runs in a thread of its own. */

import net from "node:net";
import { parentPort, Worker } from "node:worker_threads";

const RESPONSE = Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
const LARGE = Buffer.from(largeResponse());
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
        socket.write(chunk.indexOf("GET /large") === 0 ? LARGE : RESPONSE);
      }
    });
  });
  server.listen(0, "127.0.0.1", () => parentPort!.postMessage((server.address() as net.AddressInfo).port));
}

/** A list as an API gives it: 9 kB of JSON, in which little is said twice. */
function largeResponse(): string {
  const items = Array.from({ length: 80 }, (_, i) => ({
    id: `${(i * 2_654_435_761) % 4_294_967_296}`,
    name: `Item ${i}`,
    price: ((i * 7919) % 10_000) / 100,
    tags: [`team-${i % 7}`, `region-${i % 5}`],
    updated: new Date(i * 86_400_000).toISOString(),
  }));
  const body = JSON.stringify({ items });
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}
