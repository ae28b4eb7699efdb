/**
 * Lets an Envoy finish what it has begun, before it is ended: it accepts nothing new, tells every connection that its next
 * response is the last one, and has its time for the requests that are under way. Ending it at once would cut them all.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { AdminClient } from "./admin.ts";

export interface DrainOptions {
  /** How long requests may take from now on. */
  readonly limitMs: number;
  /** Ends the waiting at once. */
  readonly signal: AbortSignal;
  /** Told once, when there is something to wait for. */
  readonly onWaiting?: (inFlight: number) => void;
}

const LOOK_EVERY_MS = 50;
/** A request that has just arrived on a connection is not counted yet. */
const QUIET_LOOKS = 2;
/** Envoy's own listener of the admin interface, and what leads to it; see `emitAdminInterface`. */
const OF_ADMIN = /^http\.(admin|sluice_admin|sluice_ready|sluice_metrics)\./;
const ACTIVE = "^(http\\..*\\.downstream_(rq|cx)|listener\\..*\\.downstream_cx)_active$";
const OF_WORKER = /\.(worker_\d+|main_thread)\.downstream_cx_active$/;

/** Resolves with the number of requests and TCP connections that are left; never rejects. */
export async function drain(
  admin: AdminClient,
  { limitMs, signal, onWaiting }: DrainOptions,
): Promise<number> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  let left = 0;
  const wait = async () => {
    // Failing its health check makes Envoy send `connection: close`, or GOAWAY, with every response (Listener.drain_type).
    await admin.post("/healthcheck/fail");
    await admin.post("/drain_listeners");
    let quiet = 0;
    let told = false;
    while (!limit.aborted) {
      left = inFlight(await admin.stats(ACTIVE));
      quiet = left === 0 ? quiet + 1 : 0;
      if (quiet === QUIET_LOOKS) {
        return;
      }
      if (left > 0 && !told) {
        told = true;
        onWaiting?.(left);
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal: limit });
    }
  };
  // An Envoy that does not answer, being stopped or gone, has no say in how long this takes.
  const over = new Promise<void>((resolve) => {
    limit.addEventListener("abort", () => resolve(), { once: true });
    if (limit.aborted) {
      resolve();
    }
  });
  await Promise.race([wait().catch(() => {}), over]);
  return left;
}

/** Requests, and connections that are no HTTP, by Envoy's gauges. */
export function inFlight(gauges: ReadonlyMap<string, number>): number {
  let requests = 0;
  let connections = 0;
  for (const [name, value] of gauges) {
    if (name.startsWith("listener.")) {
      connections += OF_WORKER.test(name) ? 0 : value;
    } else if (name.endsWith("cx_active")) {
      connections -= value;
    } else if (!OF_ADMIN.test(name)) {
      requests += value;
    }
  }
  return requests + Math.max(0, connections);
}
