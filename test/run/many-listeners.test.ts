/**
 * More HTTPS servers than Envoy could watch files for, under load on kept and on new connections, while everything about their
 * rules changes: nothing is lost, no answer is of two generations of rules, and none of an older one once the newer one is said to
 * serve. `SLUICE_CHANGES=300` makes it as many changes.
 */

import { mkdtemp, readdir, readlink, rename, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Authority } from "../harness/authority.ts";
import { Connection } from "../harness/client.ts";
import { KEPT_CONNECTIONS } from "../harness/kept-connections.ts";
import { freePort } from "../harness/ports.ts";
import { type RunEvent, SluiceRun } from "../harness/sluice.ts";
import { TARGETS } from "../harness/targets.ts";
import { ChangingRules, generationOf, hostOf, PORTS, SERVERS } from "./changing-rules.ts";

const CHANGES = Number(process.env.SLUICE_CHANGES ?? 7);
/** Between two requests on a kept connection. */
const PAUSE_MS = 40;
const NEW_CONNECTIONS = 2;
/** Longer than a busy machine needs for a request. */
const TIMEOUT_SECONDS = 30;

let folder: string;
let upstreams: http.Server[];
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-many-"));
  upstreams = [];
});
afterEach(async () => {
  for (const upstream of upstreams) {
    upstream.closeAllConnections();
    upstream.close();
  }
  await rm(folder, { recursive: true, force: true });
});

async function upstream(): Promise<number> {
  const server = http.createServer(KEPT_CONNECTIONS, (request, response) => void response.end(request.url));
  upstreams.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** How many instances of inotify a process has, of which a user may have 128 in all. */
async function watchersOf(pid: number): Promise<number> {
  const files = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => "")));
  return targets.filter((target) => target.includes("inotify")).length;
}

/** Asks one server again and again until told to stop. What is wrong with an answer goes to `wrong`. */
async function client(
  open: () => Promise<Connection>,
  host: string,
  keeps: boolean,
  isOver: () => boolean,
  least: () => number,
  wrong: string[],
): Promise<number> {
  let asked = 0;
  let connection: Connection | undefined;
  while (!isOver()) {
    try {
      connection ??= await open();
      const oldest = least();
      const response = await connection.request({
        host,
        path: "/",
        headers: { origin: "https://app.example" },
      });
      asked += 1;
      const generation = generationOf(response);
      if (typeof generation === "string") {
        wrong.push(`${host}, ${keeps ? "kept" : "new"} connection: ${generation}`);
      } else if (generation < oldest) {
        wrong.push(`${host}: ${generation} after ${oldest} was said to serve`);
      }
      if (!keeps || response.headers.connection?.includes("close")) {
        connection.close();
        connection = undefined;
      }
    } catch (error) {
      wrong.push(`${host}, ${keeps ? "kept" : "new"} connection: ${(error as Error).message}`);
      connection?.close();
      connection = undefined;
    }
    await sleep(PAUSE_MS);
  }
  connection?.close();
  return asked;
}

describe.each(TARGETS)("target %s", (target) => {
  test(`${CHANGES} changes of ${SERVERS} HTTPS servers under load`, {
    timeout: 60_000 + CHANGES * 5_000,
  }, async () => {
    const rules = await ChangingRules.create({
      authority: await Authority.create("authority"),
      upstreams: [await upstream(), await upstream()],
      timeoutSeconds: TIMEOUT_SECONDS,
    });
    const file = path.join(folder, "rules.yaml");
    await writeFile(file, await rules.documents(0));
    const [https, plain, extra] = [await freePort(), await freePort(), await freePort()];
    const run = new SluiceRun(
      [
        ...["rules.yaml", "--watch", "--target", target, "--mesh-port", "0"],
        ...["--port-map", `${PORTS.https}=${https}`, "--port-map", `${PORTS.plain}=${plain}`],
        ...["--port-map", `${PORTS.extra}=${extra}`],
      ],
      folder,
    );
    let isOver = false;
    let serving = 0;
    const wrong: string[] = [];
    try {
      const { pid } = (await run.event("serving")) as RunEvent & { pid: number };
      const start = (server: number, keeps: boolean) =>
        client(
          () => (server < SERVERS ? Connection.openTls(https, hostOf(server)) : Connection.open(plain)),
          hostOf(server % SERVERS),
          keeps,
          () => isOver,
          () => serving,
          wrong,
        );
      const clients = [
        ...Array.from({ length: SERVERS + 2 }, (_, server) => start(server, true)),
        ...Array.from({ length: NEW_CONNECTIONS }, (_, i) => start(i * 7, false)),
      ];
      for (let generation = 1; generation <= CHANGES && wrong.length === 0; generation++) {
        const seen = run.events.length;
        await writeFile(`${file}.new`, await rules.documents(generation));
        await rename(`${file}.new`, file);
        await run.event("reloaded", seen);
        serving = generation;
        // As fast as they come, but for every third, whose rules alone decide for a while.
        await sleep(generation % 3 === 0 ? 2_500 : 100);
      }
      const watchers = await watchersOf(pid);
      isOver = true;
      const asked = await Promise.all(clients);
      expect(wrong).toEqual([]);
      expect(watchers).toBeLessThan(4);
      expect(Math.min(...asked)).toBeGreaterThan(CHANGES);
      const told = run.events.filter(
        ({ event }) => !["reloaded", "unchanged", "diagnostics"].includes(event),
      );
      expect(told.map(({ event }) => event)).toEqual(["envoy", "serving"]);
    } finally {
      isOver = true;
      await run.stop();
    }
  });
});
