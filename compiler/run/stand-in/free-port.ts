/**
 * Ports for listeners that some Envoy will open later. Envoy shares a port with whoever else has it (SO_REUSEPORT), so
 * two suites that were given the same one would each get some of the other's requests, and neither would say so.
 */

import dgram from "node:dgram";
import net from "node:net";

/** A port of 127.0.0.1 that nothing listens on, and that no other process of the tests will be given. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await unusedPort();
    if (await claim(port)) {
      return port;
    }
  }
}

function unusedPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** The UDP port of the same number is the mark: in nobody's way, and given back when the process ends, however it ends. */
function claim(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const mark = dgram.createSocket("udp4");
    mark.unref();
    mark.once("error", () => resolve(false));
    mark.bind({ port, address: "127.0.0.1", exclusive: true }, () => resolve(true));
  });
}
