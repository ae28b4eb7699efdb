/** `sluice tap`, attached to a real `sluice run`: lines with rules, words when none come, and nothing that stays on. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { TapLine } from "../../../compiler/index.ts";
import { adminClient } from "../../../compiler/run/envoy/admin.ts";
import { ask } from "../../harness/client.ts";
import { freePort } from "../../harness/ports.ts";
import { launch, outcomeOf, type RunEvent, SluiceRun } from "../../harness/sluice.ts";

const RULES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: near }
spec:
  hosts: [near.example]
  http:
  - name: said
    match: [{ uri: { prefix: /said } }]
    directResponse: { status: 202 }
  - name: broken
    fault: { abort: { httpStatus: 503, percentage: { value: 100 } } }
    route: [{ destination: { host: near.example } }]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: near }
spec:
  hosts: [near.example]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: 127.65.3.1 }]
`;

let folder: string;
let run: SluiceRun;
let port: number;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-tap-"));
  await writeFile(path.join(folder, "rules.yaml"), RULES);
  port = await freePort();
  run = new SluiceRun(["rules.yaml", "--mesh-port", String(port)], folder);
  await run.event("serving");
});
afterAll(async () => {
  await run.stop();
  await rm(folder, { recursive: true, force: true });
});

const tap = (...args: string[]) => launch(["tap", "--run", String(run.pid), ...args], folder);

/** Sends requests until `done`. */
async function traffic<T>(done: Promise<T>, ...paths: string[]): Promise<T> {
  let isDone = false;
  const end = done.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    for (const one of paths) {
      await ask(port, { host: "near.example", path: one });
    }
    await sleep(20);
  }
  return end;
}

test("a line a request, with its rule and its place", async () => {
  const { code, out } = await traffic(outcomeOf(tap("--limit", "24")), "/said", "/x");
  expect(code).toBe(0);
  const lines = out.trim().split("\n");
  // Enough to be of both kinds, since each worker tells of its own.
  expect(lines).toHaveLength(24);
  expect(lines.find((line) => line.includes("/said"))).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} {2}202 +\d+ ms {2}GET {2}near\.example\/said {2}→ default\/near#said \(rules\.yaml:8\)$/,
  );
  expect(lines.find((line) => line.includes("/x"))).toMatch(
    /503 .*→ default\/near#broken \(rules\.yaml:\d+\) {2}\[fault: abort\]$/,
  );
});

test("JSON has requests of the rule that was named alone, and how many were looked at", async () => {
  const { code, out } = await traffic(
    outcomeOf(tap("--format", "json", "--rule", "rules.yaml:10", "--status", "5xx", "--limit", "2")),
    "/said",
    "/x",
  );
  const lines = out
    .trim()
    .split("\n")
    .map((line): TapLine => JSON.parse(line));
  expect(code).toBe(0);
  expect(lines[0]).toMatchObject({ kind: "progress", progress: { percent: 100 } });
  expect(lines.flatMap((line) => (line.kind === "request" ? [line.request.rule] : []))).toEqual([
    "default/near#broken",
    "default/near#broken",
  ]);
});

test("its time, and what is not there, end it in words", async () => {
  const over = await outcomeOf(tap("--for", "1s"));
  expect([over.code, over.out]).toEqual([0, ""]);
  expect(over.err).toContain("its time is over: 0 shown, 0 sampled");
  const unknown = await outcomeOf(tap("--rule", "brokn"));
  expect([unknown.code, unknown.err]).toEqual([3, expect.stringContaining("there are default/near#broken")]);
  const wrong = await outcomeOf(tap("--percent", "0"));
  expect(wrong.code).toBe(2);
});

test("one that is killed leaves nothing on", async () => {
  const child = tap("--format", "json");
  const ended = new Promise((resolve) => child.once("close", resolve));
  await traffic(new Promise((resolve) => child.stdout!.once("data", resolve)), "/said");
  child.kill("SIGKILL");
  await ended;
  const { admin } = (await run.event("serving")) as RunEvent & { readonly admin: string };
  const written = async () => {
    const stats = await adminClient(admin.slice("unix:".length)).stats("access_log.logs_written$");
    return [...stats.values()].reduce((sum, count) => sum + count, 0);
  };
  // Its connection is closed by the system, and then Envoy is told.
  await vi.waitFor(
    async () => {
      const before = await written();
      expect(before).toBeGreaterThan(0);
      for (let i = 0; i < 20; i++) {
        await ask(port, { host: "near.example", path: "/said" });
      }
      expect(await written()).toBe(before);
    },
    { timeout: 30_000, interval: 100 },
  );
});
