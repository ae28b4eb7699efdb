/**
 * Where clients come in: a port, or a Unix socket. gRPC's library drops whoever speaks another protocol without a word, and does
 * not let go of a client that reads nothing; so connections are taken here, looked at, and handed to it.
 */

import net from "node:net";
import { EnvironmentError } from "../../platform/error.ts";
import { removeStaleSocket } from "../../platform/stale-socket.ts";

/** How every HTTP/2 connection begins (RFC 9113, 3.4). */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** The type of the first record of TLS (RFC 8446, 5.1). */
const TLS_HANDSHAKE = 22;
/** Whoever connects speaks first, and at once. */
const PATIENCE_MS = 15_000;
const SHOWN = 24;

export interface DoorOptions {
  /** `address:port`, where port 0 is any that is free, or `unix:/path`. */
  readonly listen: string;
  /** What clients have to begin with. */
  readonly protocol: "TLS" | "HTTP/2";
  /** Somebody who speaks it. Nothing of what it said is lost. */
  readonly onConnection: (socket: net.Socket) => void;
  /** Told, in a line, of a client that was sent away. */
  readonly onProblem: (line: string) => void;
  readonly patienceMs?: number;
}

export class Door {
  readonly #server: net.Server;
  readonly #options: DoorOptions;
  /** Of clients that are there, by address and port; those on a Unix socket have none. */
  readonly #sockets = new Map<string, net.Socket>();
  readonly #open = new Set<net.Socket>();

  private constructor(options: DoorOptions) {
    this.#options = options;
    this.#server = net.createServer((socket) => this.#welcome(socket));
  }

  /** Throws an `EnvironmentError` where it cannot listen. */
  static async open(options: DoorOptions): Promise<Door> {
    const door = new Door(options);
    const server = door.#server;
    if (options.listen.startsWith("unix:")) {
      await removeStaleSocket(options.listen.slice("unix:".length));
    }
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error) =>
        reject(new EnvironmentError(`cannot listen on ${options.listen} for Envoy: ${error.message}`));
      server.once("error", fail);
      server.listen(placeOf(options.listen), () => {
        server.off("error", fail);
        // Such as when there are no more file descriptors: who is there is served on.
        server.on("error", (error) => options.onProblem(`a client could not connect: ${error.message}`));
        resolve();
      });
    });
    return door;
  }

  /** 0 for a Unix socket. */
  get port(): number {
    const address = this.#server.address();
    return address === null || typeof address === "string" ? 0 : address.port;
  }

  /** Ends the connection with whoever is at the other end of this address and port. */
  cut(address: string): void {
    this.#sockets.get(address)?.destroy();
  }

  /** Nobody comes in any more, and whoever is there has to go: one who stays would open stream after stream. */
  close(): void {
    this.#server.close();
    for (const socket of this.#open) {
      socket.destroy();
    }
  }

  #welcome(socket: net.Socket): void {
    const address = addressOf(socket);
    this.#sockets.set(address, socket);
    this.#open.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(address);
      this.#open.delete(socket);
    });
    // What becomes of it, whoever reads it sees.
    socket.on("error", () => {});
    const patienceMs = this.#options.patienceMs ?? PATIENCE_MS;
    const timer = setTimeout(() => {
      this.#options.onProblem(`${address} connected and said nothing for ${patienceMs / 1000} s`);
      socket.destroy();
    }, patienceMs);
    socket.once("close", () => clearTimeout(timer));
    socket.once("readable", () => {
      clearTimeout(timer);
      const start: Buffer | null = socket.read();
      if (start !== null) {
        this.#admit(socket, address, start);
      }
    });
  }

  #admit(socket: net.Socket, address: string, start: Buffer): void {
    const { protocol, onConnection, onProblem } = this.#options;
    if (speaks(protocol, start)) {
      socket.unshift(start);
      onConnection(socket);
      return;
    }
    const expected = protocol === "TLS" ? "gRPC over TLS" : "gRPC in plain text";
    onProblem(`${address} does not speak ${expected}: it begins with ${shown(start)}`);
    socket.end(`HTTP/1.1 505 HTTP Version Not Supported\r\nconnection: close\r\n\r\nThis is ${expected}.\n`);
    socket.destroySoon();
  }
}

function speaks(protocol: DoorOptions["protocol"], start: Buffer): boolean {
  if (protocol === "TLS") {
    return start[0] === TLS_HANDSHAKE;
  }
  const length = Math.min(start.length, PREFACE.length);
  return start.subarray(0, length).equals(PREFACE.subarray(0, length));
}

function shown(start: Buffer): string {
  return start[0] === TLS_HANDSHAKE ? "TLS" : JSON.stringify(start.subarray(0, SHOWN).toString("latin1"));
}

function addressOf(socket: net.Socket): string {
  return socket.remoteAddress === undefined ? "unknown" : `${socket.remoteAddress}:${socket.remotePort}`;
}

function placeOf(listen: string): net.ListenOptions {
  if (listen.startsWith("unix:")) {
    return { path: listen.slice("unix:".length) };
  }
  const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(listen) ?? [];
  if (host === undefined) {
    throw new EnvironmentError(`"${listen}" is not an address and a port, such as 127.0.0.1:18000`);
  }
  return { host, port: Number(port) };
}
