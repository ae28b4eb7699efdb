/** What a server writes into a cluster: conditions beside those of others, Events, and the Lease by which one of several decides. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KubernetesLease } from "../../compiler/controller/lease/kubernetes-lease.ts";
import type { Statement } from "../../compiler/controller/status/condition.ts";
import { stoppedEvent } from "../../compiler/controller/status/rollout-event.ts";
import {
  FIELD_MANAGER,
  type StatusTarget,
  StatusWriter,
} from "../../compiler/controller/status/status-writer.ts";
import { KubernetesClient } from "../../compiler/kubernetes/client/kubernetes-client.ts";
import { pathOf, RESOURCE_TYPES } from "../../compiler/kubernetes/client/resource-types.ts";
import { createAccount, type PolicyRule } from "./harness/account.ts";
import type { ApiClient } from "./harness/api-client.ts";
import { kubeconfig } from "./harness/kubeconfig.ts";
import { admin, createNamespace } from "./harness/shared-server.ts";

/** All that a server may write. */
const WRITE_RULES: readonly PolicyRule[] = [
  { apiGroups: ["networking.istio.io"], resources: ["virtualservices"], verbs: ["get"] },
  { apiGroups: ["networking.istio.io"], resources: ["virtualservices/status"], verbs: ["patch"] },
  { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create"] },
  { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "create", "update"] },
];
const SPEC = { hosts: ["reviews"], http: [{ route: [{ destination: { host: "reviews" } }] }] };
const ACCEPTED: Statement = { type: "Accepted", status: "True", reason: "Accepted", message: "" };

interface Written {
  readonly metadata: {
    readonly uid: string;
    readonly generation: number;
    readonly resourceVersion: string;
    readonly managedFields: readonly { readonly manager: string; readonly subresource?: string }[];
  };
  readonly status?: { readonly conditions: readonly { readonly type: string; readonly message?: string }[] };
}

let api: ApiClient;
let namespace: string;
let folder: string;
let client: KubernetesClient;
const notices: string[] = [];

beforeAll(async () => {
  api = admin();
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-status-"));
  namespace = await createNamespace(api, "status");
  client = await clientWith("server", WRITE_RULES);
});

afterAll(async () => {
  await client?.close();
  api.close();
  await rm(folder, { recursive: true, force: true });
});

async function clientWith(account: string, rules: readonly PolicyRule[]): Promise<KubernetesClient> {
  const credentials = await createAccount(api, namespace, account, rules);
  const file = path.join(folder, account);
  await writeFile(file, kubeconfig(credentials), { mode: 0o600 });
  return KubernetesClient.fromKubeconfig({ file });
}

async function virtualService(name: string): Promise<StatusTarget> {
  const type = RESOURCE_TYPES.VirtualService;
  const object = { apiVersion: "networking.istio.io/v1", kind: type.kind, metadata: { name }, spec: SPEC };
  const { metadata } = await api.create<Written>(pathOf(type, { namespace }), object);
  return { type, namespace, name, uid: metadata.uid, generation: metadata.generation };
}

const read = ({ type, name }: StatusTarget) => api.get<Written>(pathOf(type, { namespace, name }));

function writer(by: KubernetesClient): StatusWriter {
  return new StatusWriter({ client: by, onNotice: (line) => notices.push(line) });
}

test("conditions stand beside those of others, and the same is not written again", async () => {
  const target = await virtualService("reviews");
  const reconciled = { type: "Reconciled", status: "True", reason: "", message: "" };
  await api.patch(`${pathOf(target.type, { namespace, name: target.name })}/status`, {
    status: { conditions: [reconciled] },
  });
  const status = writer(client);
  status.want(target, [ACCEPTED]);
  await status.settled();
  const first = await read(target);
  expect(first.status?.conditions.map(({ type }) => type)).toEqual(["Reconciled", "Accepted"]);
  expect(first.metadata.generation).toBe(target.generation);
  expect(
    first.metadata.managedFields.some(
      ({ manager, subresource }) => manager === FIELD_MANAGER && subresource === "status",
    ),
  ).toBe(true);

  status.want(target, [ACCEPTED]);
  await status.settled();
  expect((await read(target)).metadata.resourceVersion).toBe(first.metadata.resourceVersion);

  status.want(target, [{ ...ACCEPTED, message: "careful" }]);
  await status.settled();
  expect((await read(target)).status?.conditions.map(({ message }) => message)).toEqual(["", "careful"]);
  await status.close();
  expect(notices).toEqual([]);
});

/** As another controller that takes care of what others say: whoever was faster is read again. */
async function reconcile(target: StatusTarget, message: string): Promise<void> {
  const path = `${pathOf(target.type, { namespace, name: target.name })}/status`;
  for (;;) {
    const { metadata, status } = await read(target);
    const others = (status?.conditions ?? []).filter(({ type }) => type !== "Reconciled");
    const answer = await api.ask(
      "PATCH",
      path,
      {
        metadata: { resourceVersion: metadata.resourceVersion },
        status: { conditions: [...others, { type: "Reconciled", message }] },
      },
      "application/merge-patch+json",
    );
    if (answer.status !== 409) {
      expect(answer.status).toBe(200);
      return;
    }
  }
}

test("what others write at the same time is not lost", async () => {
  const target = await virtualService("busy");
  const status = writer(client);
  for (let i = 0; i < 5; i++) {
    status.want(target, [{ ...ACCEPTED, message: String(i) }]);
    await reconcile(target, String(i));
  }
  await status.settled();
  const { conditions } = (await read(target)).status!;
  expect(new Map(conditions.map(({ type, message }) => [type, message]))).toEqual(
    new Map([
      ["Reconciled", "4"],
      ["Accepted", "4"],
    ]),
  );
  await status.close();
});

test("whoever may not write conditions is told what to allow, once for a kind", async () => {
  const reader = await clientWith("reader", WRITE_RULES.slice(0, 1));
  const status = writer(reader);
  status.want(await virtualService("a"), [ACCEPTED]);
  status.want(await virtualService("b"), [ACCEPTED]);
  await status.settled();
  expect(notices.splice(0)).toEqual([
    expect.stringMatching(
      /^the status of virtualservices cannot be written: .* is forbidden: .*patch virtualservices\/status of networking\.istio\.io$/,
    ),
  ]);
  await status.close();
  await reader.close();
});

test("a roll-out that stopped is an Event at the object", async () => {
  const target = await virtualService("stopped");
  const report = {
    revision: "r2",
    from: "r1",
    failure: { gate: "refusal", wave: "1", at: "", words: ["no"] },
  };
  await client.request({
    method: "POST",
    path: pathOf(RESOURCE_TYPES.Event, { namespace }),
    body: stoppedEvent(target, report, "server-1", new Date()),
  });
  // As `kubectl describe` asks.
  const { items } = await api.get<{ items: readonly { reason: string; message: string; type: string }[] }>(
    `/api/v1/namespaces/${namespace}/events?fieldSelector=involvedObject.uid=${target.uid}`,
  );
  expect(items.map(({ type, reason, message }) => [type, reason, message])).toEqual([
    ["Warning", "RolloutStopped", "revision r2 is taken back; proxies have r1 again (refusal: no)"],
  ]);
});

test("one of several servers holds the Lease, and the next one takes it when it ends", async () => {
  const terms: [string, number | undefined][] = [];
  const stand = async (identity: string) => {
    const lease = new KubernetesLease({
      client,
      namespace,
      name: "sluice",
      identity,
      address: `${identity}:15010`,
      newestTerm: async () => 0,
      onNotice: (line) => notices.push(line),
    });
    await lease.start((term) => terms.push([identity, term]));
    return lease;
  };
  const first = await stand("a");
  const second = await stand("b");
  expect(second.holder).toEqual({ identity: "a", term: 1, address: "a:15010" });
  await first.close();
  await expect
    .poll(() => terms)
    .toEqual([
      ["a", 1],
      ["b", 2],
    ]);
  await second.close();
  const { spec } = await api.get<{ spec: { holderIdentity: string; leaseTransitions: number } }>(
    pathOf(RESOURCE_TYPES.Lease, { namespace, name: "sluice" }),
  );
  expect(spec).toMatchObject({ holderIdentity: "", leaseTransitions: 2 });
  expect(notices).toEqual([]);
});
