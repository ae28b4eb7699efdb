/** What is wrong in a cluster is said once, with what to do, and stops nothing else. */

import { afterEach, expect, test } from "vitest";
import { Connection } from "../harness/client.ts";
import { Echo, ruleOf, specOf } from "./echo.ts";
import { READ_RULES, setRules } from "./harness/account.ts";
import type { ApiClient } from "./harness/api-client.ts";
import { ApiServer } from "./harness/api-server.ts";
import { installIstioCrds } from "./harness/istio-crds.ts";
import { ServedMesh, type ServedMeshOptions } from "./harness/served-mesh.ts";
import { admin, createNamespace, programs } from "./harness/shared-server.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

async function served(api: ApiClient, namespace: string, more: Partial<ServedMeshOptions> = {}) {
  const mesh = await ServedMesh.serve({ admin: api, namespace, ...more });
  closing.push(() => mesh.close());
  await mesh.join();
  return mesh;
}

async function echoIn(api: ApiClient, namespace: string): Promise<Echo> {
  const echo = await Echo.create(api, namespace, 1);
  closing.push(() => echo.close());
  await api.create(echo.rules, ruleOf("first", "first.example"));
  await api.create(echo.rules, ruleOf("second", "second.example"));
  return echo;
}

/** The generation that decides a host, or the status where none does. */
async function decided(mesh: ServedMesh, host: string): Promise<number | string> {
  const connection = await Connection.open(mesh.port);
  try {
    const { status, headers } = await connection.request({ host, path: "/" });
    return status === 200 ? Number(headers["x-generation"]?.[0]) : `status ${status}`;
  } finally {
    connection.close();
  }
}

const problemsOf = (mesh: ServedMesh, part: string) =>
  mesh.run.events.filter((event) => event.message?.includes(part) === true);

test("an object that is wrong stays at its last good version, alone", async () => {
  const api = admin();
  closing.push(() => api.close());
  const namespace = await createNamespace(api, "wrong");
  const echo = await echoIn(api, namespace);
  const mesh = await served(api, namespace);
  const now = (host: string) => expect.poll(() => decided(mesh, `${host}.example`));
  await now("first").toBe(0);

  const wrong = { ...specOf("first.example", 1), http: [{ match: [{ uri: { regex: "(" } }] }] };
  await api.patch(`${echo.rules}/first`, { spec: wrong });
  await api.patch(`${echo.rules}/second`, { spec: specOf("second.example", 1) });
  await now("second").toBe(1);
  expect(await decided(mesh, "first.example")).toBe(0);
  await expect
    .poll(() => JSON.stringify(mesh.run.events))
    .toContain(`kubernetes://${namespace}/VirtualService/first`);

  await api.patch(`${echo.rules}/first`, { spec: specOf("first.example", 2) });
  await now("first").toBe(2);
});

test("a kind that the account may not read is said once, with the rule to add", async () => {
  const api = admin();
  closing.push(() => api.close());
  const namespace = await createNamespace(api, "forbidden");
  await echoIn(api, namespace);
  const rules = READ_RULES.filter(({ resources }) => !resources.includes("endpointslices"));
  const mesh = await ServedMesh.serve({ admin: api, namespace, rules });
  closing.push(() => mesh.close());
  // To proxies, services without endpoints would mean something else than services whose endpoints are not known.
  await mesh.run.event("refused");
  expect(problemsOf(mesh, "endpointslices.discovery.k8s.io")).toHaveLength(1);
  expect(problemsOf(mesh, 'resources: ["endpointslices"]')).toHaveLength(1);

  await setRules(api, namespace, "sluice", READ_RULES);
  await mesh.join();
  await expect.poll(() => decided(mesh, "first.example"), { timeout: 80_000 }).toBe(0);
  expect(problemsOf(mesh, "endpointslices.discovery.k8s.io")).toHaveLength(1);
});

test("a kind whose CRD is missing is said once, and all others are read", async () => {
  const server = await ApiServer.start(programs(), { withIstio: false });
  closing.push(() => server.stop());
  const missing = ["destinationrules", "workloadgroups", "proxyconfigs"].map(
    (plural) => `${plural}.networking.istio.io`,
  );
  await installIstioCrds(server.admin, programs().istioCrds, (name) => !missing.includes(name));
  const namespace = await createNamespace(server.admin, "missing");
  await echoIn(server.admin, namespace);
  const mesh = await served(server.admin, namespace);
  await expect.poll(() => decided(mesh, "first.example")).toBe(0);
  expect(missing.map((name) => problemsOf(mesh, name).length)).toEqual([1, 1, 1]);
  expect(problemsOf(mesh, "CRD is not installed")).toHaveLength(missing.length);
});
