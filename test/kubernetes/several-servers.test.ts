/**
 * Two servers in a cluster, each with a folder of its own: one decides by a Lease, the other follows and takes over when the first
 * is killed. What became of an object stands at the object.
 */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pathOf, RESOURCE_TYPES } from "../../compiler/kubernetes/client/resource-types.ts";
import { joinEnvoy } from "../fleet/joined-envoy.ts";
import { ServedFleet } from "../fleet/served-fleet.ts";
import { Connection } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { createAccount, type PolicyRule, READ_RULES } from "./harness/account.ts";
import type { ApiClient } from "./harness/api-client.ts";
import { kubeconfig } from "./harness/kubeconfig.ts";
import { admin, createNamespace } from "./harness/shared-server.ts";

const SERVERS = ["127.53.1.1", "127.53.1.2"];
const PROXIES = ["127.53.1.11", "127.53.1.12"];
/** A Lease is over after 15 seconds in which nobody has renewed it, and whoever takes it has to be found by the proxies. */
const PATIENCE = { timeout: 90_000 };
const WRITE_RULES: readonly PolicyRule[] = [
  { apiGroups: ["networking.istio.io"], resources: ["virtualservices/status"], verbs: ["patch"] },
  { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create"] },
  { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "create", "update"] },
];

interface WithConditions {
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}

let api: ApiClient;
let namespace: string;
let folder: string;
let port: number;
let meshPort: number;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  api = admin();
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-leased-"));
  namespace = await createNamespace(api, "leased");
  const credentials = await createAccount(api, namespace, "server", [...READ_RULES, ...WRITE_RULES]);
  await writeFile(path.join(folder, "kubeconfig"), kubeconfig(credentials), { mode: 0o600 });
  port = await freePort();
  meshPort = await freePort();
});

afterAll(async () => {
  for (const close of closing.reverse()) {
    await close();
  }
  api.close();
  await rm(folder, { recursive: true, force: true });
});

const virtualServices = () => pathOf(RESOURCE_TYPES.VirtualService, { namespace });

/** What all requests are answered. */
function rule(status: number): object {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "all" },
    spec: { hosts: ["all.example"], http: [{ directResponse: { status } }] },
  };
}

const change = (status: number) => api.patch(`${virtualServices()}/all`, rule(status));

async function serve(address: string, http = "off"): Promise<ServedFleet> {
  const server = new ServedFleet(
    [
      ...["--kubernetes", "--kubeconfig", path.join(folder, "kubeconfig"), "--namespaces", namespace],
      ...["--listen", `${address}:${port}`, "--http", http, "--format", "json"],
      ...["--lease", `${namespace}/sluice`, "--state", path.join(folder, address)],
      ...["--waves", "1,all", "--bake", "100ms"],
    ],
    folder,
  );
  closing.push(() => server.kill());
  await server.event("listening");
  return server;
}

async function answers(): Promise<number[]> {
  return Promise.all(
    PROXIES.map(async (address) => {
      const connection = await Connection.open(meshPort, address);
      try {
        return (await connection.request({ path: "/", host: "all.example" })).status;
      } finally {
        connection.close();
      }
    }),
  );
}

async function said(): Promise<string[]> {
  const { status } = await api.get<WithConditions>(`${virtualServices()}/all`);
  return (status?.conditions ?? []).map(({ type, status: is, message = "" }) => `${type}=${is} ${message}`);
}

const decisions = ({ events }: ServedFleet) => events.filter(({ event }) => event === "wave").length;

test("one decides for all and says so at the objects; when it is killed, the other does", {
  timeout: 300_000,
}, async () => {
  await api.create(virtualServices(), rule(200));
  const http = `${SERVERS[0]}:${await freePort()}`;
  const first = await serve(SERVERS[0]!, http);
  const second = await serve(SERVERS[1]!);
  for (const [index, listenAddress] of PROXIES.entries()) {
    const server = [...SERVERS.slice(index), ...SERVERS.slice(0, index)].map(
      (address) => `${address}:${port}`,
    );
    const envoy = await joinEnvoy(folder, {
      server,
      id: `edge-${index}`,
      namespace,
      listenAddress,
      meshPort,
    });
    closing.push(() => envoy.stop(0));
  }
  await expect.poll(answers, PATIENCE).toEqual([200, 200]);
  // A roll-out is for those that the one that decides has heard of.
  await expect
    .poll(async () => {
      const told = await fetch(`http://${http}/v1/proxies`);
      return ((await told.json()) as { proxies: unknown[] }).proxies;
    }, PATIENCE)
    .toHaveLength(2);

  await change(201);
  await expect.poll(answers, PATIENCE).toEqual([201, 201]);
  await expect.poll(() => decisions(first), PATIENCE).toBeGreaterThan(0);
  expect(decisions(second)).toBe(0);
  await expect
    .poll(said, PATIENCE)
    .toEqual([
      "Accepted=True ",
      expect.stringMatching(/^Programmed=True revision [0-9a-f]{12} on 2 of 2 proxies$/),
    ]);

  // Refused by the schema of no API server: what it says is for Sluice to find.
  await api.patch(`${virtualServices()}/all`, { spec: { http: [{ directResponse: { status: 42 } }] } });
  await expect
    .poll(async () => (await said()).join("\n"), PATIENCE)
    .toContain("Accepted=False spec.http[0].directResponse.status: ");
  expect(await answers()).toEqual([201, 201]);

  await first.kill();
  await change(202);
  await expect.poll(answers, PATIENCE).toEqual([202, 202]);
  await expect.poll(() => decisions(second), PATIENCE).toBeGreaterThan(0);
  await expect
    .poll(async () => (await said()).join("\n"), PATIENCE)
    .toMatch(/Accepted=True .*\nProgrammed=True .* on 2 of 2 proxies/);
});
