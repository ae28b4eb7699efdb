/** Active health checks: an endpoint that dies gets no requests, and gets some again when it is well. */

import { afterEach, beforeAll, expect, test } from "vitest";
import { ask } from "../../harness/client.ts";
import { Mesh } from "../../harness/mesh.ts";
import { freePort } from "../../harness/ports.ts";
import { apply, destinationRule, HOST, stat } from "./mesh.ts";
import { Patient } from "./patients.ts";

const [FIRST, SECOND, THIRD] = ["127.74.0.1", "127.74.0.2", "127.74.0.3"] as const;
const ADDRESSES = [FIRST, SECOND, THIRD];
/** Failures are noticed soon. On a busy machine an answer may take a while, and is waited for. */
const OFTEN = "every 50ms timeout 3s unhealthy 2 healthy 2";
/** For endpoints that never answer. */
const IMPATIENT = "every 50ms timeout 1s unhealthy 1 healthy 2";

// Clusters are the same for both targets.
let mesh: Mesh;
let port: number;
let patients: Patient[];

beforeAll(async () => {
  mesh = await Mesh.create({ target: "wasm" });
  port = await freePort();
  patients = await Promise.all(ADDRESSES.map((address) => Patient.start(address, port)));
  return async () => {
    await mesh.close();
    await Promise.all(patients.map((patient) => patient.close()));
  };
});

afterEach(async () => {
  await Promise.all(patients.map((patient) => patient.become("well")));
  // What one test has left behind in Envoy, the next does not begin with.
  await mesh.apply([""]);
});

function entry(check?: string, addresses: readonly string[] = ADDRESSES): string {
  return JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: {
      name: "shop",
      namespace: "default",
      ...(check !== undefined && { annotations: { "sluice.dev/health-check": check } }),
    },
    spec: {
      hosts: [HOST],
      resolution: "STATIC",
      ports: [{ number: 80, targetPort: port, name: "http", protocol: "HTTP" }],
      endpoints: addresses.map((address) => ({ address })),
    },
  });
}

const checked = (check: string, more: object = {}) =>
  destinationRule(more, { annotations: { "sluice.dev/health-check": check } });

/** Who answered so many requests; a status where the proxy itself did. */
async function answers(listener: number, count = 20): Promise<ReadonlySet<string | number>> {
  const all = new Set<string | number>();
  for (let i = 0; i < count; i++) {
    const { status, headers } = await ask(listener, { path: "/", host: HOST });
    all.add(headers["x-patient"]?.[0] ?? status);
  }
  return all;
}

/** Requests go to all of these, and to no other: each worker of Envoy learns of it by itself. */
function untilAnswers(listener: number, who: readonly (string | number)[]): Promise<void> {
  return expect.poll(() => answers(listener), { interval: 10 }).toEqual(new Set(who));
}

test.each(["refusing", "failing", "silent"] as const)(
  "an endpoint that is %s gets no requests until it is well",
  async (health) => {
    const words = health === "silent" ? IMPATIENT : OFTEN;
    const listener = await apply(mesh, [entry(), checked(`http /healthz ${words}`)]);
    await untilAnswers(listener, ADDRESSES);
    await patients[1]!.become(health);
    // What a silent one was asked before is never answered.
    await expect.poll(() => stat(mesh, "membership_healthy"), { interval: 10 }).toBe(2);
    await untilAnswers(listener, [FIRST, THIRD]);
    await patients[1]!.become("well");
    await untilAnswers(listener, ADDRESSES);
    expect(patients[0]!.checks.at(-1)).toEqual({ host: HOST, path: "/healthz" });
  },
);

test("rules change while endpoints are dead, even all of them; then nobody is asked", async () => {
  await patients[1]!.become("silent");
  const listener = await apply(mesh, [entry(`http /healthz ${IMPATIENT}`)]);
  await untilAnswers(listener, [FIRST, THIRD]);
  for (const patient of patients) {
    await patient.become("silent");
  }
  const before = patients.map(({ requests }) => requests);
  await apply(mesh, [entry(`http /healthz host other.example ${IMPATIENT}`)]);
  expect(await answers(listener, 3)).toEqual(new Set([503]));
  expect(patients.map(({ requests }) => requests)).toEqual(before);
});

test("with panic, all are asked when too few are well", async () => {
  const listener = await apply(mesh, [entry(`http /healthz panic 50% ${OFTEN}`)]);
  await patients[0]!.become("failing");
  await untilAnswers(listener, [SECOND, THIRD]);
  await patients[1]!.become("failing");
  await untilAnswers(listener, ADDRESSES);
});

test("an endpoint that discovery takes away gets no requests, however well it is", async () => {
  const listener = await apply(mesh, [entry(`http /healthz ${OFTEN}`)]);
  await apply(mesh, [entry(`http /healthz ${OFTEN}`, [FIRST, SECOND])]);
  await untilAnswers(listener, [FIRST, SECOND]);
  expect(await stat(mesh, "membership_total")).toBe(2);
});
