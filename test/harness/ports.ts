/** Ports and addresses that nobody else has, whatever else this machine does meanwhile. */

import { randomInt } from "node:crypto";
import dgram from "node:dgram";

export * from "../../compiler/run/stand-in/free-port.ts";

/** Second parts of `127.N.0.0/16` that no test names itself, which `test/architecture/addresses.test.ts` sees to. */
export const SHARED_OUT = { first: 130, last: 249 } as const;
/** Of UDP. Whoever has it at the last address of a network has that network. */
const MARK_PORT = 19_999;

/** The first three parts of the addresses of a network that no other process of the tests will be given: `127.140.7.`. */
export async function freeNetwork(): Promise<string> {
  for (;;) {
    const network = `127.${randomInt(SHARED_OUT.first, SHARED_OUT.last + 1)}.${randomInt(0, 256)}.`;
    if (await claim(`${network}254`)) {
      return network;
    }
  }
}

/** As with ports: given back when the process ends, however it ends. */
function claim(address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const mark = dgram.createSocket("udp4");
    mark.unref();
    mark.once("error", (error: NodeJS.ErrnoException) => {
      mark.close();
      return error.code === "EADDRINUSE" ? resolve(false) : reject(error);
    });
    mark.bind({ port: MARK_PORT, address, exclusive: true }, () => resolve(true));
  });
}
