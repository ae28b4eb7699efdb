/**
 * Rules that change all the time while their API server is restarted, under load: every change arrives, no request is lost or
 * decided by rules that were replaced long before, and the server of the fleet asks the API server for no kind more than once for
 * each time that it was away. `SLUICE_CHANGES=1000` makes it as many.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { Echo, ruleOf, specOf } from "./echo.ts";
import type { Answer } from "./harness/api-client.ts";
import { ApiServer } from "./harness/api-server.ts";
import { Load } from "./harness/load.ts";
import { ServedMesh } from "./harness/served-mesh.ts";
import { programs } from "./harness/shared-server.ts";

const CHANGES = Number(process.env.SLUICE_CHANGES ?? 100);
const RESTARTS = 3;
const HOSTS = 20;
/** Every so manieth change is of a rule that comes or goes. */
const COMES_OR_GOES = 10;
const NAMESPACE = "restarts";
const TIMEOUT_MS = 240_000;
/** The answers of two connections may be read in another order than that in which they were given. */
const OVERTAKEN_MS = 500;
/** For a list that was cut off when the API server was killed. */
const CUT_OFF = 1;

const hostOf = (i: number) => `host-${i}.example`;
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

test(`${CHANGES} changes, ${RESTARTS} restarts of the API server`, {
  timeout: 600_000 + CHANGES * 600,
}, async () => {
  const server = await ApiServer.start(programs());
  closing.push(() => server.stop());
  const { admin } = server;
  await admin.create("/api/v1/namespaces", { metadata: { name: NAMESPACE } });
  const echo = await Echo.create(admin, NAMESPACE, 1);
  closing.push(() => echo.close());
  for (let i = 0; i < HOSTS; i++) {
    await admin.create(echo.rules, ruleOf(`rule-${i}`, hostOf(i)));
  }

  const mesh = await ServedMesh.serve({ admin, namespace: NAMESPACE });
  closing.push(() => mesh.close());
  await mesh.join();
  const before = await server.lists();

  const newest = new Map<string, number>();
  /** By host: the newest generation that had decided, and when that was seen first, oldest first. */
  const seen = new Map<string, { readonly at: number; readonly generation: number }[]>();
  const wrong: string[] = [];
  const load = new Load({
    port: mesh.port,
    hosts: Array.from({ length: HOSTS }, (_, i) => hostOf(i)),
    pauseMs: 20,
    onAnswer({ host, status, headers, body, sentAt }) {
      const generation = Number(headers["x-generation"]?.[0]);
      const past = seen.get(host) ?? [];
      const least = past.findLast(({ at }) => at < sentAt - OVERTAKEN_MS)?.generation ?? 0;
      if (status !== 200 || !(generation >= least)) {
        wrong.push(`${host}: ${status ?? "no answer"} ${body}, generation ${generation} after ${least}`);
      }
      if (generation > (past.at(-1)?.generation ?? -1)) {
        seen.set(host, [...past, { at: Date.now(), generation }]);
      }
      newest.set(host, generation);
    },
  });
  closing.push(() => load.stop());

  const due = Array.from({ length: RESTARTS }, (_, i) => Math.floor(((i + 1) * CHANGES) / (RESTARTS + 1)));
  let restarting: Promise<void> = Promise.resolve();
  const last = new Map<string, number>();
  const extra = new Map<string, boolean>();
  for (let n = 1; n <= CHANGES; n++) {
    if (due.includes(n)) {
      await restarting;
      // Once as when it is upgraded, then as when its machine is lost.
      restarting = restart(server, due.indexOf(n) === 0 ? "SIGTERM" : "SIGKILL");
      restarting.catch(() => {});
    }
    if (n % COMES_OR_GOES === 0) {
      const name = `extra-${n % (COMES_OR_GOES * 3)}`;
      const isThere = extra.get(name) === true;
      await insist(() =>
        isThere
          ? admin.ask("DELETE", `${echo.rules}/${name}`)
          : admin.ask("POST", echo.rules, ruleOf(name, `${name}.example`)),
      );
      extra.set(name, !isThere);
    } else {
      const i = n % HOSTS;
      const change = { spec: specOf(hostOf(i), n) };
      await insist(() =>
        admin.ask("PATCH", `${echo.rules}/rule-${i}`, change, "application/merge-patch+json"),
      );
      last.set(hostOf(i), n);
    }
  }
  await restarting;

  await expect
    .poll(() => [...last].filter(([host, generation]) => newest.get(host) !== generation), {
      timeout: TIMEOUT_MS,
    })
    .toEqual([]);
  await load.stop();
  expect(wrong).toEqual([]);
  const answers = new Map<string, number | undefined>();
  const asked = new Load({
    port: mesh.port,
    hosts: [...extra.keys()].map((name) => `${name}.example`),
    pauseMs: 20,
    onAnswer: ({ host, status }) => answers.set(host, status),
  });
  const expected = new Map([...extra].map(([name, isThere]) => [`${name}.example`, isThere ? 200 : 404]));
  await expect.poll(() => new Map(answers), { timeout: TIMEOUT_MS }).toEqual(expected);
  await asked.stop();

  const own = (await server.lists()).slice(before.length).filter(({ user }) => user.endsWith(":sluice"));
  // A server that starts says for a moment that it has no such kind, or that nobody may see it: that costs it nothing.
  const answered = own.filter(({ status }) => status === 200);
  const counts = new Map<string, number>();
  for (const { resource } of answered) {
    counts.set(resource, (counts.get(resource) ?? 0) + 1);
  }
  console.log(
    `${CHANGES} changes, ${RESTARTS} restarts of the API server: ${load.asked} requests, none lost; lists: ` +
      ([...counts].map(([resource, count]) => `${resource} ${count}`).join(", ") || "none"),
  );
  for (const [resource, count] of counts) {
    expect(count, `lists of ${resource}`).toBeLessThanOrEqual(RESTARTS + CUT_OFF);
  }
});

async function restart(server: ApiServer, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  await server.down(signal);
  await server.up();
}

/** Until the API server has done it: an answer may be lost with the server that gave it. */
async function insist(ask: () => Promise<Answer<unknown>>): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined && (answer.status < 300 || wasDoneBefore(answer))) {
      return;
    }
    if (Date.now() > deadline) {
      throw new Error(`the API server does not do it: ${JSON.stringify(answer)}`);
    }
    await sleep(50);
  }
}

/** A server that is not ready yet may not know a resource; only one that knows it gives such a reason. */
function wasDoneBefore({ body }: Answer<unknown>): boolean {
  const { reason } = body as { readonly reason?: string };
  return reason === "NotFound" || reason === "AlreadyExists";
}
