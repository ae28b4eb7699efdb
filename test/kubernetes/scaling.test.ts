/**
 * A Deployment that is scaled from nothing to a hundred pods and back, under load: no request goes to a pod that was gone for more
 * than a second before it was asked, and none is refused while a pod is there.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { Echo, ruleOf } from "./echo.ts";
import { Load } from "./harness/load.ts";
import { ServedMesh } from "./harness/served-mesh.ts";
import { admin, createNamespace } from "./harness/shared-server.ts";

const PODS = 100;
const STEP = 10;
const HOST = "echo.example";
const CLIENTS = 8;
/** From when the API server knows of a change until a request must be decided by it. */
const GRACE_MS = 1_000;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

test(`0 to ${PODS} to 0 pods under load`, async () => {
  const api = admin();
  closing.push(() => api.close());
  const namespace = await createNamespace(api, "scaling");
  const echo = await Echo.create(api, namespace, 0);
  closing.push(() => echo.close());
  const { pods } = echo;
  await api.create(echo.rules, ruleOf("echo", HOST));

  const mesh = await ServedMesh.serve({ admin: api, namespace });
  closing.push(() => mesh.close());
  await mesh.join();

  /** When the API server has said that a pod is gone, by its address. */
  const goneAt = new Map<string, number>();
  /** Since when there is a pod, if there is one. */
  let thereSince = Number.POSITIVE_INFINITY;
  let served = new Set<string>();
  const wrong: string[] = [];
  const load = new Load({
    port: mesh.port,
    hosts: Array.from({ length: CLIENTS }, () => HOST),
    pauseMs: 2,
    onAnswer({ status, body, sentAt }) {
      if (status === 200) {
        served.add(body);
        const gone = sentAt - (goneAt.get(body) ?? Number.POSITIVE_INFINITY);
        if (gone > GRACE_MS) {
          wrong.push(`${body} was asked ${gone} ms after it was gone`);
        }
      } else if (sentAt - thereSince > GRACE_MS) {
        wrong.push(`${status ?? "no answer"} ${body} while a pod was there`);
      }
    },
  });
  closing.push(() => load.stop());
  const scale = async (count: number) => {
    // An Envoy may know before we have the API server's answer.
    thereSince = count === 0 ? Number.POSITIVE_INFINITY : thereSince;
    await echo.scale(count);
    const now = Date.now();
    for (let i = 1; i <= PODS; i++) {
      if (i <= count) {
        goneAt.delete(pods.address(i));
      } else if (!goneAt.has(pods.address(i))) {
        goneAt.set(pods.address(i), now);
      }
    }
    if (count > 0) {
      thereSince = Math.min(thereSince, now);
    }
  };

  for (let count = STEP; count <= PODS; count += STEP) {
    for (let i = count - STEP + 1; i <= count; i++) {
      await pods.start(i);
    }
    await scale(count);
    await sleep(150);
  }
  await expect.poll(() => served.size).toBe(PODS);
  for (let count = PODS - STEP; count >= 0; count -= STEP) {
    await scale(count);
    await sleep(150);
  }
  await sleep(GRACE_MS);
  served = new Set();
  await sleep(GRACE_MS);
  expect(served).toEqual(new Set());
  expect(wrong).toEqual([]);
  await load.stop();
  console.log(`0 to ${PODS} to 0 pods: ${load.asked} requests`);
});
