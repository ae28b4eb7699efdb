/**
 * What a server keeps of rules that have changed again and again: the last 20 revisions, and nothing of those before. `SLUICE_CHANGES=400`
 * prints how large its heap is meanwhile.
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  createWorkspace,
  Fleet,
  type FleetEvent,
  fleetRules,
  type RuleSource,
  serveFleet,
} from "../../compiler/index.ts";
import { Swarm } from "../harness/fleet/swarm.ts";

const CHANGES = Number(process.env.SLUICE_CHANGES ?? 40);
/** That can be gone back to, and the one that is read next. */
const KEPT = 20 + 1;
const RULES = 50;
const CLIENTS = 5;
const MOST_GROWTH_MB = 4;

const closing: (() => unknown)[] = [];
let swarm: Swarm;
beforeEach(() => {
  swarm = new Swarm();
  closing.push(() => swarm.close());
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes, of what somebody still needs. */
async function heap(): Promise<number> {
  // What finalizers let go of goes with the second one.
  for (let i = 0; i < 2; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return process.memoryUsage().heapUsed;
}

/** One text of everything, of which one rule of each kind changes. */
const rules = (change: number) => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: web }
spec:
  hosts: [web.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints: [{ address: 192.0.2.1 }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: web }
spec:
  host: web.example
  trafficPolicy: { connectionPool: { tcp: { maxConnections: ${1_000 + change} } } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: delegate }
spec: { http: [{ match: [{ uri: { prefix: /d/${change} } }], route: [{ destination: { host: web.example } }] }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: root }
spec: { hosts: [root.example], http: [{ match: [{ uri: { prefix: /d } }], delegate: { name: delegate } }] }
---
${Array.from(
  { length: RULES },
  (_, i) => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: rule-${i} }
spec:
  hosts: [host-${i}.example]
  http:
  - match: [{ uri: { prefix: /${i === 0 ? change : i} } }]
    route: [{ destination: { host: web.example } }]
`,
).join("---\n")}`;

test(`after ${CHANGES} changes of rules, a server has the last revisions, and no more`, {
  timeout: 60_000 + CHANGES * 1_000,
}, async () => {
  let change = 0;
  const source: RuleSource = {
    read: async () => [{ path: "rules.yaml", text: rules(change) }],
    watch: async () => ({ close: async () => {} }),
  };
  const workspace = createWorkspace({ source, proxies: { fleet: {} } });
  closing.push(() => workspace.dispose());
  const own = fleetRules(workspace);
  const read: WeakRef<object>[] = [];
  let newest: FleetEvent | undefined;
  const fleet = await Fleet.create({
    rules: {
      ...own,
      async read() {
        const snapshot = await own.read();
        read.push(new WeakRef(snapshot));
        return snapshot;
      },
    },
    plan: { waves: ["1", "100%"], bakeMs: 0 },
    onEvent: (event) => {
      newest = event.kind === "serving" ? event : newest;
    },
  });
  closing.push(() => fleet.close());
  await fleet.start();
  const server = await serveFleet({ fleet, listen: "127.0.0.1:0", onProblem: () => {} });
  closing.push(() => server.close());
  swarm.open(
    `127.0.0.1:${server.port}`,
    Array.from({ length: CLIENTS }, (_, i) => `client-${i}`),
  );
  await swarm.count({ everybody: true });

  const sizes: number[] = [];
  for (change = 1; change <= CHANGES; change++) {
    newest = undefined;
    fleet.refresh();
    await expect.poll(() => newest, { interval: 2 }).toBeDefined();
    if (change % KEPT === 0) {
      sizes.push(await heap());
    }
  }
  sizes.push(await heap());
  expect(read.length).toBeGreaterThan(CHANGES);
  expect(read.filter((snapshot) => snapshot.deref() !== undefined).length).toBeLessThanOrEqual(KEPT);
  const megabytes = sizes.map((size) => size / (1 << 20));
  // From when there are as many revisions as are kept.
  expect(megabytes.at(-1)! - megabytes[0]!).toBeLessThan(MOST_GROWTH_MB);
  if (process.env.SLUICE_CHANGES !== undefined) {
    console.log(
      `heap after every ${KEPT} changes, MB: ${megabytes.map((size) => size.toFixed(1)).join(" ")}`,
    );
  }
});
