/** Stands between proxies and their server on TCP: counts what the server sends, and sees which types of resources that are. */

import net from "node:net";

/** Longer than the name of any type: it may lie across two reads. */
const OVERLAP_BYTES = 128;

interface Watched {
  readonly text: string;
  readonly seen: () => void;
}

export class CountedConnections {
  /** From the server, since it was last set to 0. */
  bytes = 0;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #watched: Watched[] = [];

  private constructor(server: net.Server) {
    this.#server = server;
  }

  static async listen(
    address: string,
    server: { readonly address: string; readonly port: number },
  ): Promise<CountedConnections> {
    const listener = net.createServer();
    const counted = new CountedConnections(listener);
    listener.on("connection", (proxy) => counted.#join(proxy, server));
    await new Promise<void>((resolve) => listener.listen(0, address, resolve));
    return counted;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** Resolves with the first bytes from now on by which the server tells some proxy of the type. */
  sent(type: string): Promise<void> {
    return new Promise((resolve) => this.#watched.push({ text: type, seen: resolve }));
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  #join(proxy: net.Socket, { address, port }: { readonly address: string; readonly port: number }): void {
    const upstream = net.connect({ host: address, port });
    for (const [from, to] of [
      [proxy, upstream],
      [upstream, proxy],
    ] as const) {
      this.#sockets.add(from);
      from.on("error", () => {});
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
    let before = Buffer.alloc(0);
    upstream.on("data", (data: Buffer) => {
      this.bytes += data.length;
      const text = Buffer.concat([before, data]);
      before = Buffer.from(text.subarray(-OVERLAP_BYTES));
      this.#look(text);
    });
    proxy.pipe(upstream).pipe(proxy);
  }

  #look(text: Buffer): void {
    this.#watched = this.#watched.filter((watched) => {
      const isSeen = text.includes(watched.text);
      if (isSeen) {
        watched.seen();
      }
      return !isSeen;
    });
  }
}
