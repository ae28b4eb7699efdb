/**
 * `--target auto` under load, while rules grow beyond what Envoy's own routes serve for less, and shrink again: no request is
 * lost, and none is decided by older rules once newer ones are said to serve.
 */

import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Connection } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { SluiceRun } from "../harness/sluice.ts";

const CHANGES = 4;
const MANY = 400;
const PAUSE_MS = 10;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-auto-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Every second generation has hundreds of rules before the one that answers. */
function rules(generation: number): string {
  const filler = Array.from({ length: generation % 2 === 0 ? 1 : MANY }, (_, i) => ({
    match: [{ uri: { exact: `/filler/${i}` } }],
    directResponse: { status: 404 },
  }));
  const answer = { directResponse: { status: 200, body: { string: String(generation) } } };
  return [
    {
      apiVersion: "networking.istio.io/v1",
      kind: "Gateway",
      metadata: { name: "edge" },
      spec: {
        selector: { istio: "ingressgateway" },
        servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
      },
    },
    {
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "a" },
      spec: { hosts: ["a.example"], gateways: ["edge"], http: [...filler, answer] },
    },
  ]
    .map((document) => JSON.stringify(document))
    .join("\n---\n");
}

test(`${CHANGES} crossings under load`, { timeout: 90_000 }, async () => {
  const file = path.join(folder, "rules.yaml");
  await writeFile(file, rules(0));
  const port = await freePort();
  const run = new SluiceRun(
    ["rules.yaml", "--watch", "--target", "auto", "--mesh-port", "0", "--port-map", `80=${port}`],
    folder,
  );
  let isOver = false;
  let serving = 0;
  const wrong: string[] = [];
  async function client(keeps: boolean): Promise<number> {
    let asked = 0;
    let connection: Connection | undefined;
    while (!isOver) {
      try {
        connection ??= await Connection.open(port);
        const oldest = serving;
        const { status, body, headers } = await connection.request({ host: "a.example", path: "/" });
        asked += 1;
        if (status !== 200 || Number(body) < oldest) {
          wrong.push(`${keeps ? "kept" : "new"}: ${status} ${body} after ${oldest} was said to serve`);
        }
        if (!keeps || headers.connection?.includes("close")) {
          connection.close();
          connection = undefined;
        }
      } catch (error) {
        wrong.push(`${keeps ? "kept" : "new"}: ${(error as Error).message}`);
        connection = undefined;
      }
      await sleep(PAUSE_MS);
    }
    connection?.close();
    return asked;
  }
  try {
    await run.event("serving");
    const clients = [client(true), client(true), client(false)];
    for (let generation = 1; generation <= CHANGES; generation++) {
      const seen = run.events.length;
      await writeFile(`${file}.new`, rules(generation));
      await rename(`${file}.new`, file);
      await run.event("reloaded", seen);
      serving = generation;
      await sleep(generation % 2 === 0 ? 200 : 2_500);
    }
    isOver = true;
    const asked = await Promise.all(clients);
    expect(wrong).toEqual([]);
    expect(Math.min(...asked)).toBeGreaterThan(CHANGES * 10);
  } finally {
    isOver = true;
    await run.stop();
  }
});
