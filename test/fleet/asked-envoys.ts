/**
 * Envoys of one fleet that are asked all the time, each by clients of its own, on kept and on new connections: what is lost, what
 * no one generation of rules decided, and which generations an Envoy answers by.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { FleetBootstrapOptions } from "../../compiler/index.ts";
import type { EnvoyProcess } from "../../compiler/run/envoy/start.ts";
import type { Connection } from "../harness/client.ts";
import { joinEnvoy } from "./joined-envoy.ts";

/** Asks on a connection once; the generation that decided, or what is wrong with the answer. */
export type Ask = (connection: Connection) => Promise<{ decided: number | string; closes: boolean }>;

export interface Client {
  /** Opens a connection to the Envoy that listens there. */
  readonly open: (address: string) => Promise<Connection>;
  readonly ask: Ask;
  /** Whether it keeps its connection. */
  readonly keeps: boolean;
}

export interface AskedEnvoysOptions {
  /** For bootstraps. */
  readonly folder: string;
  /** Where the server of all is. */
  readonly server: string;
  /** 127.79.N.x are the addresses of the Envoys. */
  readonly net: number;
  readonly count: number;
  readonly join: Partial<FleetBootstrapOptions>;
  readonly clients: readonly Client[];
  readonly pauseMs: number;
}

export class AskedEnvoy {
  readonly id: string;
  readonly address: string;
  process: EnvoyProcess | undefined;
  isAsked = false;
  /** An answer of an older generation than this is wrong. */
  least = 0;
  newest = 0;
  asked = 0;

  constructor(id: string, address: string) {
    this.id = id;
    this.address = address;
  }
}

export class AskedEnvoys {
  readonly envoys: readonly AskedEnvoy[];
  /** What was wrong, by the Envoy that it happened at. */
  readonly wrong: { readonly id: string; readonly what: string }[] = [];
  readonly #options: AskedEnvoysOptions;
  readonly #clients = new Map<AskedEnvoy, Promise<unknown>>();
  #isOver = false;

  private constructor(options: AskedEnvoysOptions) {
    this.#options = options;
    this.envoys = Array.from(
      { length: options.count },
      (_, i) => new AskedEnvoy(`edge-${i}`, `127.79.${options.net}.${i + 10}`),
    );
  }

  /** Starts them and begins to ask them. The server is there already. */
  static async start(options: AskedEnvoysOptions): Promise<AskedEnvoys> {
    const all = new AskedEnvoys(options);
    try {
      for (const envoy of all.envoys) {
        await all.startOne(envoy);
      }
    } catch (error) {
      await all.stop();
      throw error;
    }
    return all;
  }

  async startOne(envoy: AskedEnvoy): Promise<void> {
    const { folder, server, join } = this.#options;
    envoy.process = await joinEnvoy(folder, {
      ...join,
      server,
      id: envoy.id,
      listenAddress: envoy.address,
    });
    this.ask(envoy);
  }

  /** Begins to ask it. */
  ask(envoy: AskedEnvoy): void {
    envoy.isAsked = true;
    this.#clients.set(envoy, Promise.all(this.#options.clients.map((client) => this.#run(envoy, client))));
  }

  /** Asks it no more; resolves when every answer is there. */
  async leave(envoy: AskedEnvoy): Promise<void> {
    envoy.isAsked = false;
    await this.#clients.get(envoy);
  }

  get asked(): number {
    return this.envoys.reduce((sum, { asked }) => sum + asked, 0);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients.values());
    await Promise.all(this.envoys.map(({ process }) => process?.stop(0)));
  }

  async #run(envoy: AskedEnvoy, client: Client): Promise<void> {
    const isOver = () => this.#isOver || !envoy.isAsked;
    let connection: Connection | undefined;
    const problem = (what: string) => {
      if (!isOver()) {
        this.wrong.push({ id: envoy.id, what: `${client.keeps ? "kept" : "new"} connection: ${what}` });
      }
    };
    while (!isOver()) {
      const { least } = envoy;
      try {
        connection ??= await client.open(envoy.address);
        const { decided, closes } = await client.ask(connection);
        envoy.asked += 1;
        if (typeof decided === "string") {
          problem(decided);
        } else if (decided < least) {
          problem(`generation ${decided} after it had acknowledged ${least}`);
        } else {
          envoy.newest = Math.max(envoy.newest, decided);
        }
        if (closes || !client.keeps) {
          connection.close();
          connection = undefined;
        }
      } catch (error) {
        problem((error as Error).message);
        connection?.close();
        connection = undefined;
      }
      await sleep(this.#options.pauseMs);
    }
    connection?.close();
  }
}
