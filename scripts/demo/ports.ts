/** Keeps the ports that the rules and the defaults name where they are free, and takes others where they are not. */

import { portProblems } from "../../compiler/index.ts";
import { freePort } from "../../compiler/run/stand-in/free-port.ts";

export { freePort };

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
