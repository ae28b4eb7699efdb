/** Pods, as far as a proxy can tell: each is an address that answers with its own name, as long as it is there. */

import http from "node:http";
import { KEPT_CONNECTIONS } from "../../harness/kept-connections.ts";
import type { PodNetwork } from "./pod-network.ts";

export class Pods {
  readonly port: number;
  readonly #network: PodNetwork;
  readonly #servers = new Map<number, http.Server>();

  /** They all have this port, as those of one Deployment do. */
  constructor(network: PodNetwork, port: number) {
    this.#network = network;
    this.port = port;
  }

  address(i: number): string {
    return this.#network.address(i);
  }

  async start(i: number): Promise<void> {
    const name = this.address(i);
    const server = http.createServer(KEPT_CONNECTIONS, (_, response) => void response.end(name));
    this.#servers.set(i, server);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.port, name, resolve);
    });
  }

  /** Its address refuses connections from now on. */
  stop(i: number): void {
    const server = this.#servers.get(i);
    this.#servers.delete(i);
    server?.close();
    server?.closeAllConnections();
  }

  close(): void {
    for (const i of [...this.#servers.keys()]) {
      this.stop(i);
    }
  }
}
