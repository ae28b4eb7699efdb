/**
 * A fleet whose rules change in every way in which rules can (`ChangingRules`): the server, its Envoys under load, and which
 * generation each of them has acknowledged.
 */

import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { Authority } from "../harness/authority.ts";
import { Connection } from "../harness/client.ts";
import { KEPT_CONNECTIONS } from "../harness/kept-connections.ts";
import { freePort } from "../harness/ports.ts";
import { type RunEvent, SluiceRun } from "../harness/sluice.ts";
import { ChangingRules, generationOf, hostOf, PORTS, SERVERS } from "../run/changing-rules.ts";
import { AskedEnvoys, type Client } from "./asked-envoys.ts";

export const CHANGES = Number(process.env.SLUICE_CHANGES ?? 8);
export const PROXIES = Number(process.env.SLUICE_PROXIES ?? 3);
/** Of requests. Many Envoys on one machine keep one waiting for reasons of their own. */
const TIMEOUT_SECONDS = PROXIES > 3 ? 30 : 5;
/** After a change: until what only older rules need is gone. */
export const DRAINED_MS = (TIMEOUT_SECONDS + 4) * 1_000;
/** Between two requests of a client. */
export const PAUSE_MS = 60;

type FleetRunEvent = RunEvent & { readonly proxy?: string; readonly revision?: string; readonly ms?: number };

/** What the ports of the rules are at each Envoy. */
type Ports = Readonly<Record<keyof typeof PORTS, number>>;

export class ChangingFleet {
  readonly folder: string;
  readonly #rules: ChangingRules;
  readonly ports: Ports;
  readonly #closing: (() => unknown)[];

  private constructor(folder: string, rules: ChangingRules, ports: Ports, closing: (() => unknown)[]) {
    this.folder = folder;
    this.#rules = rules;
    this.ports = ports;
    this.#closing = closing;
  }

  static async create(): Promise<ChangingFleet> {
    const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-fleet-"));
    const closing: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
    const rules = await ChangingRules.create({
      authority: await Authority.create("authority"),
      upstreams: [await upstream(closing), await upstream(closing)],
      timeoutSeconds: TIMEOUT_SECONDS,
    });
    const ports = { https: await freePort(), plain: await freePort(), extra: await freePort() };
    const fleet = new ChangingFleet(folder, rules, ports, closing);
    await fleet.offer(0);
    return fleet;
  }

  /** Whatever is to be closed before it is. */
  closeBefore(close: () => unknown): void {
    this.#closing.push(close);
  }

  async close(): Promise<void> {
    for (const close of this.#closing.splice(0).reverse()) {
      await close();
    }
  }

  async offer(generation: number): Promise<void> {
    const file = path.join(this.folder, "rules.yaml");
    await writeFile(`${file}.new`, await this.#rules.documents(generation));
    await rename(`${file}.new`, file);
  }

  /** Resolves when proxies can join at 127.0.0.1. */
  async serve(port: number, flags: readonly string[]): Promise<SluiceRun> {
    const run = new SluiceRun(
      ["rules.yaml", "--listen", `127.0.0.1:${port}`, "--http", "127.0.0.1:0", ...flags],
      this.folder,
      "serve",
    );
    this.closeBefore(() => run.stop());
    await run.event("listening");
    return run;
  }

  /** `net`: one that no other test has. */
  async envoys(net: number, server: string): Promise<AskedEnvoys> {
    const all = await AskedEnvoys.start({
      folder: this.folder,
      server,
      net,
      count: PROXIES,
      join: {
        labels: { istio: "ingressgateway" },
        meshPort: 0,
        portMap: new Map([
          [PORTS.https, this.ports.https],
          [PORTS.plain, this.ports.plain],
          [PORTS.extra, this.ports.extra],
        ]),
      },
      clients: this.#clients(),
      pauseMs: PAUSE_MS,
    });
    this.closeBefore(() => all.stop());
    return all;
  }

  /** Over TLS to some of the servers, over plain text, and with a new connection for each request. */
  #clients(): Client[] {
    const client = (server: number, keeps: boolean): Client => ({
      keeps,
      open: (address) =>
        server < SERVERS
          ? Connection.openTls(this.ports.https, hostOf(server), address)
          : Connection.open(this.ports.plain, address),
      async ask(connection) {
        const response = await connection.request({
          host: hostOf(server % SERVERS),
          path: "/",
          headers: { origin: "https://app.example" },
        });
        return {
          decided: generationOf(response),
          closes: response.headers.connection?.includes("close") === true,
        };
      },
    });
    return [client(0, true), client(13, true), client(SERVERS + 5, true), client(7, false)];
  }
}

async function upstream(closing: (() => unknown)[]): Promise<number> {
  const server = http.createServer(KEPT_CONNECTIONS, (request, response) => void response.end(request.url));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/**
 * Resolves when every Envoy has acknowledged a revision that is not `known` yet, with the milliseconds that the slowest needed.
 * From when it has, none may answer by an older generation.
 */
export async function takenByAll(
  run: SluiceRun,
  all: AskedEnvoys,
  generation: number,
  known = new Set<string>(),
): Promise<number> {
  let read = 0;
  let slowest = 0;
  const seen = new Set<string>();
  const missing = new Map(all.envoys.map((envoy) => [envoy.id, envoy]));
  await run.when(() => {
    for (; read < run.events.length; read++) {
      const { event, proxy = "", revision = "", ms = 0 } = run.events[read] as FleetRunEvent;
      const envoy = missing.get(proxy);
      if (event === "taken" && !known.has(revision) && envoy !== undefined) {
        envoy.least = generation;
        slowest = Math.max(slowest, ms);
        seen.add(revision);
        missing.delete(proxy);
      }
    }
    return missing.size === 0 || all.wrong.length > 0 || undefined;
  }, `generation ${generation} at all proxies`);
  for (const revision of seen) {
    known.add(revision);
  }
  return slowest;
}
