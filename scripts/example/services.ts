/** Stand-ins for the endpoints of an example: on the very ports that its rules name, each saying who it is. */

import net from "node:net";
import { EnvironmentError, portProblems } from "../../compiler/index.ts";
import { startService } from "../../envoy/bookinfo/services/service.ts";
import type { Certificates } from "./certificates.ts";
import type { ServiceWish } from "./example-file.ts";

const ADDRESS = "127.0.0.1";

export interface StandIns {
  close(): Promise<void>;
}

/** Rejects with an `EnvironmentError` when a port is taken: the rules name it, so that no other will do. */
export async function startServices(
  wishes: readonly ServiceWish[],
  certificates: Certificates,
): Promise<StandIns> {
  const problems = await portProblems(
    wishes.map(({ name, version, port }) => ({
      name: `the service ${name}-${version}`,
      address: ADDRESS,
      port,
    })),
  );
  if (problems.length > 0) {
    throw new EnvironmentError("the ports of this example are not free", problems);
  }
  const started: StandIns[] = [];
  for (const wish of wishes) {
    started.push(await startOne(wish, certificates));
  }
  return { close: async () => void (await Promise.all(started.map((service) => service.close()))) };
}

async function startOne(wish: ServiceWish, certificates: Certificates): Promise<StandIns> {
  const { name, version, port, protocol, certificate } = wish;
  if (protocol === "tcp") {
    return startGreeter(`${name}-${version}`, port);
  }
  const tls = certificate === undefined ? undefined : await certificates.issue(certificate);
  return startService({ app: name, version, at: { address: ADDRESS, port }, tls }, (url) => ({
    body: { servedBy: `${name}-${version}`, path: url.pathname },
  }));
}

/** Says its name to whoever connects, and closes. */
async function startGreeter(greeting: string, port: number): Promise<StandIns> {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.end(`${greeting}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject);
    server.listen(port, ADDRESS, resolve);
  });
  return { close: () => new Promise((resolve) => server.close(() => resolve())) };
}
