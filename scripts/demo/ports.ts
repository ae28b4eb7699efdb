/** Keeps the ports that the rules and the defaults name where they are free, and takes others where they are not. */

import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { portProblems } from "../../compiler/index.ts";

const ADDRESS = "127.0.0.1";

/** `wanted`, or a free port and a line that says so. */
export async function takePort(wanted: number, what: string, log: (line: string) => void): Promise<number> {
  const [problem] = await portProblems([{ name: what, address: ADDRESS, port: wanted }]);
  if (problem === undefined) {
    return wanted;
  }
  const port = await freePort();
  log(`${problem}; using ${port} instead`);
  return port;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, ADDRESS, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
