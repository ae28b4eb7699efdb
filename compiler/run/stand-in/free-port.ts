/**
 * Ports for listeners that some Envoy will open later. Envoy shares a port with whoever else has it (SO_REUSEPORT), so
 * two suites that were given the same one would each get some of the other's requests, and neither would say so.
 *
 * They are none of those that an operating system gives by itself, to a server that asks for any port or to a connection that begins:
 * until the Envoy is there, it would give them to somebody else.
 */

import { randomInt } from "node:crypto";
import dgram from "node:dgram";
import net from "node:net";

const ADDRESS = "127.0.0.1";
/** Below those that systems give by themselves: Linux from 32768, others from 49152; and below those of services of Kubernetes, from 30000. */
const FIRST = 20_000;
const LAST = 29_999;
/** The second: Windows keeps ranges for itself. */
const TAKEN: ReadonlySet<string | undefined> = new Set(["EADDRINUSE", "EACCES"]);

/** A port of 127.0.0.1 that nothing listens on, and that no other process of the tests will be given. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST + 1);
    if ((await claim(port)) && (await isUnused(port))) {
      return port;
    }
  }
}

/** The UDP port of the same number is the mark: in nobody's way, and given back when the process ends, however it ends. */
function claim(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const mark = dgram.createSocket("udp4");
    mark.unref();
    mark.once("error", (error: NodeJS.ErrnoException) => {
      mark.close();
      return TAKEN.has(error.code) ? resolve(false) : reject(error);
    });
    mark.bind({ port, address: ADDRESS, exclusive: true }, () => resolve(true));
  });
}

function isUnused(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      TAKEN.has(error.code) ? resolve(false) : reject(error),
    );
    server.listen({ port, host: ADDRESS, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
