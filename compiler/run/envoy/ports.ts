/**
 * Whether ports are free, asked before Envoy starts: Envoy shares a port with another Envoy of the same user without
 * a word (SO_REUSEPORT), and a listener that it cannot open is one warning in its log.
 */

import { createSocket } from "node:dgram";
import { createServer, isIPv6 } from "node:net";

export interface WantedPort {
  /** What listens there, for the message: `listener "mesh"`. */
  readonly name: string;
  readonly address: string;
  /** 0 is any free port. */
  readonly port: number;
  /** Absent: TCP. The two have ports of their own. */
  readonly protocol?: "udp";
}

/** One line for each port that cannot be had. */
export async function portProblems(wanted: readonly WantedPort[]): Promise<string[]> {
  const problems: string[] = [];
  for (const port of wanted) {
    const problem =
      port.port === 0 ? undefined : await (port.protocol === "udp" ? tryUdp(port) : tryPort(port));
    if (problem !== undefined) {
      problems.push(problem);
    }
  }
  return problems;
}

function tryPort({ name, address, port }: WantedPort): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      resolve(`port ${port} on ${address}, which ${name} needs, ${reason(error)}`);
    });
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function tryUdp({ name, address, port }: WantedPort): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
    socket.once("error", (error: NodeJS.ErrnoException) => {
      socket.close();
      resolve(`UDP port ${port} on ${address}, which ${name} needs, ${reason(error)}`);
    });
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(undefined)));
  });
}

function reason(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case "EADDRINUSE":
      return "is already in use";
    case "EACCES":
      return "cannot be opened by this user";
    case "EADDRNOTAVAIL":
      return "cannot be opened: this machine does not have this address";
    default:
      return `cannot be opened (${error.code ?? error.message})`;
  }
}
