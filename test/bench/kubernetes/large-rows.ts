/** What a large cluster costs: until a server has read it, and while nothing changes. */

import { setTimeout as sleep } from "node:timers/promises";
import type { ApiServer } from "../../kubernetes/harness/api-server.ts";
import { ServedMesh } from "../../kubernetes/harness/served-mesh.ts";
import { ClusterMesh } from "./cluster-mesh.ts";
import { cpuMsOf, peakMbOf } from "./process-usage.ts";
import type { Effort, Figures, Row } from "./row.ts";

const SERVICES = 5_000;
const QUICK_SERVICES = 200;
const ENDPOINTS_EACH = 4;
const STEADY_MS = 60_000;
const QUICK_STEADY_MS = 5_000;
/** Until the API server has done what the last change left it to do. */
const SETTLE_MS = 10_000;

async function measureLarge(server: ApiServer, { quick }: Effort): Promise<Figures> {
  const namespace = `large-${Date.now()}`;
  const services = quick ? QUICK_SERVICES : SERVICES;
  const port = 8080;
  await new ClusterMesh(server.admin, { namespace, services, endpointsEach: ENDPOINTS_EACH, port }).create();
  const steadyMs = quick ? QUICK_STEADY_MS : STEADY_MS;
  const cpuPerSecond = async () => {
    const before = await cpuMsOf(server.pid);
    await sleep(steadyMs);
    return ((await cpuMsOf(server.pid)) - before) / (steadyMs / 1000);
  };
  await sleep(SETTLE_MS);
  const aloneMs = await cpuPerSecond();
  const start = performance.now();
  const served = await ServedMesh.serve({ admin: server.admin, namespace });
  const startMs = performance.now() - start;
  try {
    const peakMb = await peakMbOf(served.run.pid);
    await sleep(SETTLE_MS);
    return { startMs, peakMb, aloneMs, watchedMs: await cpuPerSecond() };
  } finally {
    await served.close();
  }
}

const count = (value: number) => value.toLocaleString("en");

export const LARGE_ROWS: readonly Row[] = [
  {
    name: "large",
    title: ({ quick }) => {
      const services = quick ? QUICK_SERVICES : SERVICES;
      return `start with ${count(services)} services, as many rules, ${count(services * ENDPOINTS_EACH)} endpoints; API server when nothing changes`;
    },
    limits: "10 s, 600 MB; none to speak of",
    measure: measureLarge,
    render: ({ startMs = 0, peakMb, aloneMs, watchedMs }) =>
      `${(startMs / 1000).toFixed(1)} s, ${peakMb?.toFixed(0)} MB; CPU ${watchedMs?.toFixed(1)} ms a second watched, ${aloneMs?.toFixed(1)} ms alone`,
  },
];
