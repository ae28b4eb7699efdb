/** How soon a change of an object decides requests: from when it is sent to the API server. */

import { Connection } from "../../harness/client.ts";
import { freePort } from "../../harness/ports.ts";
import type { ApiServer } from "../../kubernetes/harness/api-server.ts";
import { PodNetwork } from "../../kubernetes/harness/pod-network.ts";
import { Pods } from "../../kubernetes/harness/pods.ts";
import { ServedMesh } from "../../kubernetes/harness/served-mesh.ts";
import { ClusterMesh } from "./cluster-mesh.ts";
import type { Effort, Figures, Row } from "./row.ts";

const SERVICES = 1_000;
const QUICK_SERVICES = 100;
const ASK_EVERY_MS = 1;
const LONGEST_MS = 30_000;
/** Changes come one by one, not one upon another. */
const PAUSE_MS = 200;

interface Measuring {
  readonly mesh: ClusterMesh;
  /** Resolves when the service is answered for so; `isNew` is given the pod that was asked, and the generation. */
  decided(isNew: (pod: string, generation: number) => boolean): Promise<void>;
  /** The two pods that there are. */
  readonly pods: readonly [string, string];
}

async function withMesh<T>(
  server: ApiServer,
  { quick }: Effort,
  work: (measuring: Measuring) => Promise<T>,
): Promise<T> {
  const network = await PodNetwork.open();
  const pods = new Pods(network, await freePort());
  const namespace = `changes-${Date.now()}`;
  const services = quick ? QUICK_SERVICES : SERVICES;
  const mesh = new ClusterMesh(server.admin, { namespace, services, endpointsEach: 1, port: pods.port });
  let served: ServedMesh | undefined;
  let connection: Connection | undefined;
  try {
    await pods.start(1);
    await pods.start(2);
    await mesh.create();
    await mesh.setEndpoint(0, pods.address(1));
    served = await ServedMesh.serve({ admin: server.admin, namespace });
    await served.join();
    connection = await Connection.open(served.port);
    const ask = () => connection!.request({ host: mesh.hostOf(0), path: "/" });
    return await work({
      mesh,
      pods: [pods.address(1), pods.address(2)],
      async decided(isNew) {
        const deadline = performance.now() + LONGEST_MS;
        for (;;) {
          const { body, headers } = await ask();
          if (isNew(body, Number(headers["x-generation"]?.[0]))) {
            return;
          }
          if (performance.now() > deadline) {
            throw new Error(`not decided anew within ${LONGEST_MS / 1000} s`);
          }
          await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
        }
      },
    });
  } finally {
    connection?.close();
    await served?.close();
    pods.close();
    await network.close();
  }
}

async function times(rounds: number, change: (n: number) => Promise<unknown>): Promise<Figures> {
  const measured: number[] = [];
  for (let n = 1; n <= rounds; n++) {
    const start = performance.now();
    await change(n);
    measured.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  measured.sort((a, b) => a - b);
  return {
    p50Ms: measured[rounds >> 1]!,
    p99Ms: measured[Math.ceil(rounds * 0.99) - 1]!,
  };
}

const count = ({ quick }: Effort) => (quick ? QUICK_SERVICES : SERVICES).toLocaleString("en");
const render = ({ p50Ms, p99Ms }: Figures) => `p50 ${p50Ms?.toFixed(0)} ms, p99 ${p99Ms?.toFixed(0)} ms`;

export const CHANGE_ROWS: readonly Row[] = [
  {
    name: "endpoint",
    title: (effort) => `EndpointSlice changed → an Envoy uses it, ${count(effort)} services`,
    limits: "p99 100 ms",
    measure: (server, effort) =>
      withMesh(server, effort, ({ mesh, pods, decided }) =>
        times(effort.rounds, async (n) => {
          const pod = pods[n % 2]!;
          await Promise.all([mesh.setEndpoint(0, pod), decided((asked) => asked === pod)]);
        }),
      ),
    render,
  },
  {
    name: "rule",
    title: (effort) => `VirtualService applied → first request decided anew, ${count(effort)} services`,
    limits: "300 ms",
    measure: (server, effort) =>
      withMesh(server, effort, ({ mesh, decided }) =>
        times(effort.rounds, (n) =>
          Promise.all([mesh.setGeneration(0, n), decided((_, generation) => generation === n)]),
        ),
      ),
    render,
  },
];
