/** How soon an API server has an answer about a rule that is applied: from the question to the verdict, over HTTPS. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:https";
import os from "node:os";
import path from "node:path";
import {
  createWorkspace,
  fleetRules,
  KubernetesClient,
  kubernetes,
  startAdmissionWebhook,
} from "../../../compiler/index.ts";
import { Authority } from "../../harness/authority.ts";
import type { ApiServer } from "../../kubernetes/harness/api-server.ts";
import { kubeconfig } from "../../kubernetes/harness/kubeconfig.ts";
import { ClusterMesh } from "./cluster-mesh.ts";
import type { Effort, Figures, Row } from "./row.ts";

const SERVICES = 1_000;
const QUICK_SERVICES = 100;
const HOST = "127.93.23.1";
/** Until the change that comes between two questions has arrived: what it costs is a part of the answer. */
const PAUSE_MS = 100;

async function measureReviews(server: ApiServer, { quick, rounds }: Effort): Promise<Figures> {
  const namespace = `reviews-${Date.now()}`;
  const services = quick ? QUICK_SERVICES : SERVICES;
  const mesh = new ClusterMesh(server.admin, { namespace, services, endpointsEach: 1, port: 8080 });
  await mesh.create();
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-bench-"));
  const file = (name: string) => path.join(folder, name);
  const authority = await Authority.create("authority of the bench");
  const { certificate, key } = await authority.issue({ names: ["bench"], addresses: [HOST] });
  await writeFile(file("tls.crt"), certificate);
  await writeFile(file("tls.key"), key, { mode: 0o600 });
  await writeFile(file("config"), kubeconfig(server.admin.credentials), { mode: 0o600 });
  const client = KubernetesClient.fromKubeconfig({ file: file("config") });
  const source = kubernetes({ client, namespaces: [namespace] });
  const workspace = createWorkspace({ source });
  const agent = new Agent({ keepAlive: true, ca: authority.certificate });
  const rules = fleetRules(workspace);
  await rules.read();
  const webhook = await startAdmissionWebhook({
    listen: `${HOST}:0`,
    certificate: file("tls.crt"),
    key: file("tls.key"),
    rules,
    onProblem: (line) => console.error(line),
  });
  try {
    const times: number[] = [];
    for (let n = 0; n < rounds; n++) {
      await mesh.setGeneration(n % services, n + 1);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      const body = reviewOf(namespace, mesh.hostOf(n % services), n % services);
      const start = performance.now();
      await ask(agent, webhook.port, body);
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    return { p50Ms: times[rounds >> 1]!, p99Ms: times[Math.ceil(rounds * 0.99) - 1]! };
  } finally {
    agent.destroy();
    await webhook.close();
    await workspace.dispose();
    await source.close();
    await client.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function reviewOf(namespace: string, host: string, i: number): string {
  const name = `service-${i}`;
  const object = {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name, namespace },
    spec: {
      hosts: [host],
      gateways: ["edge"],
      http: [{ timeout: "3s", route: [{ destination: { host: name } }] }],
    },
  };
  return JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: String(i),
      kind: { group: "networking.istio.io", version: "v1", kind: "VirtualService" },
      operation: "UPDATE",
      name,
      namespace,
      object,
      oldObject: { ...object, spec: {} },
    },
  });
}

async function ask(agent: Agent, port: number, body: string): Promise<void> {
  const text = await new Promise<string>((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const sent = request(
      { host: HOST, port, agent, method: "POST", path: "/validate", headers },
      (response) => {
        let heard = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          heard += part;
        });
        response.on("end", () => resolve(heard));
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
  if (!text.includes('"allowed":true')) {
    throw new Error(`the webhook has not allowed what is right: ${text}`);
  }
}

const count = ({ quick }: Effort) => (quick ? QUICK_SERVICES : SERVICES).toLocaleString("en");

export const WEBHOOK_ROWS: readonly Row[] = [
  {
    name: "webhook",
    title: (effort) =>
      `VirtualService applied → verdict of the webhook, ${count(effort)} services, one change before each`,
    limits: "100 ms",
    measure: measureReviews,
    render: ({ p50Ms, p99Ms }) => `p50 ${p50Ms?.toFixed(0)} ms, p99 ${p99Ms?.toFixed(0)} ms`,
  },
];
