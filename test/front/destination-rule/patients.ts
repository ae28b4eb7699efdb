/** Endpoints that fall ill in every way, and get well again. */

import http from "node:http";
import type { Socket } from "node:net";
import { KEPT_CONNECTIONS } from "../../harness/kept-connections.ts";

/** `refusing`: nobody listens. `silent`: connections are accepted, and never answered. */
export type Health = "well" | "failing" | "refusing" | "silent";

/** One endpoint. It says its name to requests and to checks, which are told by the path `/healthz`. */
export class Patient {
  readonly #address: string;
  readonly port: number;
  #server: http.Server | undefined;
  #health: Health = "well";
  readonly #sockets = new Set<Socket>();
  /** Of what was asked since, by whomever: `host` and the path. */
  readonly checks: { readonly host: string; readonly path: string }[] = [];
  requests = 0;

  private constructor(address: string, port: number) {
    this.#address = address;
    this.port = port;
  }

  static async start(address: string, port: number): Promise<Patient> {
    const patient = new Patient(address, port);
    await patient.become("well");
    return patient;
  }

  async become(health: Health): Promise<void> {
    this.#health = health;
    if (health === "refusing") {
      await this.close();
    } else if (this.#server === undefined) {
      await this.#listen();
    }
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  }

  async #listen(): Promise<void> {
    const server = http.createServer(KEPT_CONNECTIONS, (request, response) => {
      if (request.url?.startsWith("/healthz")) {
        this.checks.push({ host: request.headers.host ?? "", path: request.url });
      } else {
        this.requests += 1;
      }
      if (this.#health !== "silent") {
        response.writeHead(this.#health === "failing" ? 500 : 200, { "x-patient": this.#address });
        response.end();
      }
    });
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.port, this.#address, resolve));
  }
}
