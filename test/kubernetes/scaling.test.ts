/**
 * A Deployment that is scaled from nothing to a hundred pods and back, under load: once requests go to no pod that is gone, none ever
 * does again, and none is refused while a pod is there.
 */

import { afterEach, expect, test } from "vitest";
import { Echo, ruleOf } from "./echo.ts";
import { Load } from "./harness/load.ts";
import { ServedMesh } from "./harness/served-mesh.ts";
import { admin, createNamespace } from "./harness/shared-server.ts";

const PODS = 100;
const STEP = 10;
const HOST = "echo.example";
const CLIENTS = 8;
/** So many requests in a row that go to no pod that is gone are no chance: of a hundred pods, ten are gone at least. */
const CERTAIN = 300;

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

  /** Pods that requests have gone to. */
  const served = new Set<string>();
  /** Addresses that requests no longer went to after they were gone, and since when. */
  const forgotten = new Map<string, number>();
  const wrong: string[] = [];
  let isServing = false;
  /** When the API server took the last change, what it has named since, and how many requests in a row went to none but those. */
  let change = { at: Date.now(), named: new Set<string>(), inARow: 0 };
  const load = new Load({
    port: mesh.port,
    hosts: Array.from({ length: CLIENTS }, () => HOST),
    pauseMs: 2,
    onAnswer({ status, body, sentAt }) {
      if (status === 200) {
        served.add(body);
        if (sentAt > (forgotten.get(body) ?? Number.POSITIVE_INFINITY)) {
          wrong.push(`${body} was asked again after it was gone`);
        }
      } else if (isServing) {
        wrong.push(`${status ?? "no answer"} ${body} while a pod was there`);
      }
      if (sentAt > change.at) {
        const isRight = status === 200 ? change.named.has(body) : change.named.size === 0;
        change.inARow = isRight ? change.inARow + 1 : 0;
      }
    },
  });
  closing.push(() => load.stop());
  const addresses = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => pods.address(from + i + 1));
  const scale = async (count: number) => {
    await echo.scale(count);
    change = { at: Date.now(), named: new Set(addresses(0, count)), inARow: 0 };
  };

  for (let count = STEP; count <= PODS; count += STEP) {
    for (let i = count - STEP + 1; i <= count; i++) {
      await pods.start(i);
    }
    await scale(count);
    const added = addresses(count - STEP, count);
    await expect.poll(() => added.some((address) => served.has(address))).toBe(true);
    isServing = true;
  }
  await expect.poll(() => served.size).toBe(PODS);
  let slowest = 0;
  for (let count = PODS - STEP; count >= 0; count -= STEP) {
    // An Envoy may know before we have the API server's answer.
    isServing = count > 0;
    await scale(count);
    await expect.poll(() => change.inARow).toBeGreaterThan(CERTAIN);
    slowest = Math.max(slowest, Date.now() - change.at);
    for (const address of addresses(count, count + STEP)) {
      forgotten.set(address, Date.now());
    }
  }
  await load.stop();
  expect(wrong).toEqual([]);
  console.log(`0 to ${PODS} to 0 pods: ${load.asked} requests; the slowest step took ${slowest} ms`);
});
