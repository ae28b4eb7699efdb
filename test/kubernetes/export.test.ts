/**
 * What `sluice export --kubernetes-source` writes, at a real API server: it takes all of it, and a server with exactly this account can do
 * everything that it does, and nothing else.
 */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { KubernetesLease } from "../../compiler/controller/lease/kubernetes-lease.ts";
import {
  compile,
  createWorkspace,
  fleetKustomization,
  KubernetesClient,
  kubernetes,
  texts,
  writeTree,
} from "../../compiler/index.ts";
import { Authority } from "../harness/authority.ts";
import { SluiceRun } from "../harness/sluice.ts";
import { tokenOf, untilAllowed } from "./harness/account.ts";
import { ApiClient, type Credentials } from "./harness/api-client.ts";
import { kubeconfig } from "./harness/kubeconfig.ts";
import { Kubectl } from "./harness/kubectl.ts";
import { admin, createNamespace, programs } from "./harness/shared-server.ts";

const HOST = "127.93.22.1";
const ISTIO = "/apis/networking.istio.io/v1";

let api: ApiClient;
let namespace: string;
let folder: string;
let kubectl: Kubectl;

beforeAll(async () => {
  api = admin();
  namespace = await createNamespace(api, "export");
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-export-"));
  kubectl = await Kubectl.create(programs().kubectl, api.credentials, namespace);
  const proxy = { proxyNamespace: namespace, meshPort: 0, readyPort: 15021, adminPort: 9901 };
  const rules = { "rules.yaml": RULES.replaceAll("NAMESPACE", namespace) };
  const workspace = createWorkspace({ source: texts(rules), proxies: { edge: proxy } });
  const { compilation, findings } = await compile({ source: texts(rules), proxy });
  expect(findings.summary.errors, JSON.stringify(findings.diagnostics)).toBe(0);
  const files = fleetKustomization(compilation!, workspace.options("edge"), {
    name: "edge",
    image: "envoyproxy/envoy:v1.40.0",
    serverImage: "registry.example/sluice:1",
    rulesInImage: false,
    mountPath: "/etc/sluice",
    fromCluster: {},
  });
  await workspace.dispose();
  await writeTree(path.join(folder, "out"), files);
});
afterAll(async () => {
  await kubectl?.run(["delete", "-k", path.join(folder, "out"), "--ignore-not-found", "--wait=false"]);
  await kubectl?.remove();
  api?.close();
  await rm(folder, { recursive: true, force: true });
});

const RULES = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: NAMESPACE }
spec:
  selector: { istio: ingressgateway }
  servers:
  - { port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: outside, namespace: NAMESPACE }
spec: { host: outside.example, trafficPolicy: { tls: { mode: SIMPLE, credentialName: outside-ca } } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge, namespace: NAMESPACE }
spec: { hosts: [a.example], gateways: [edge], http: [{ directResponse: { status: 204 } }] }
---
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: { name: edge, namespace: NAMESPACE }
spec: { template: { labels: { app: machine } } }
---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: { name: edge, namespace: NAMESPACE }
spec: { concurrency: 1 }
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: edge, namespace: NAMESPACE }
spec: { jwtRules: [{ issuer: someone.example, jwks: '{"keys":[]}' }] }
`;

test("an API server takes every resource", async () => {
  const { code, out, err } = await kubectl.run([
    "apply",
    "--dry-run=server",
    "--validate=strict",
    "-k",
    path.join(folder, "out"),
  ]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toContain("validatingwebhookconfiguration.admissionregistration.k8s.io/edge-server");
  expect(out).toContain("networkpolicy.networking.k8s.io/edge-server created (server dry run)");
});

/** Applies the account with its rights, and rules that it can read. Credentials are in `file`, too. */
async function account(): Promise<Credentials> {
  for (const name of ACCOUNT) {
    const { code, err } = await kubectl.run(["apply", "-f", path.join(folder, "out", `server-${name}.yaml`)]);
    expect({ code, err }, name).toEqual({ code: 0, err: "" });
  }
  const rules = await kubectl.run(["apply", "-f", "-"], RULES.replaceAll("NAMESPACE", namespace));
  expect(rules.code, rules.err).toBe(0);
  const token = await tokenOf(api, namespace, "edge-server");
  const credentials = { server: api.credentials.server, authority: api.credentials.authority, token };
  await writeFile(file(), kubeconfig(credentials, namespace), { mode: 0o600 });
  const reads = { apiGroups: ["networking.istio.io"], resources: ["virtualservices"], verbs: ["list"] };
  const leases = { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create"] };
  const secrets = { apiGroups: [""], resources: ["secrets"], resourceNames: ["outside-ca"], verbs: ["get"] };
  await untilAllowed(credentials, reads);
  await untilAllowed(credentials, leases, namespace);
  await untilAllowed(credentials, secrets, namespace);
  return credentials;
}

const file = () => path.join(folder, "server");
const ACCOUNT = [
  "service-account",
  "cluster-role",
  "cluster-role-binding",
  "lease-role",
  "lease-role-binding",
  "secrets-role-own",
  "secrets-role-own-binding",
];

test("the account may do all that a server does, and nothing else", async () => {
  const credentials = await account();
  const client = KubernetesClient.fromKubeconfig({ file: file() });
  const problems: string[] = [];
  const source = kubernetes({
    client,
    proxyNamespaces: [namespace],
    onProblem: (line) => problems.push(line),
  });
  const lease = new KubernetesLease({
    client,
    namespace,
    name: "edge-server",
    identity: "test",
    newestTerm: async () => 0,
    onNotice: (line) => problems.push(line),
  });
  const asked = new ApiClient(credentials);
  try {
    const workspace = createWorkspace({ source, proxies: { edge: { proxyNamespace: namespace } } });
    const { sources } = await workspace.snapshot();
    expect(sources.some(({ path: name }) => name === `kubernetes://${namespace}/VirtualService/edge`)).toBe(
      true,
    );
    await lease.start(() => {});
    expect(lease.term).toBeDefined();
    expect(problems).toEqual([]);
    const { body } = await asked.ask<{ metadata: { resourceVersion: string } }>(
      "GET",
      `${ISTIO}/namespaces/${namespace}/virtualservices/edge`,
    );
    const status = { status: { conditions: [{ type: "Accepted", status: "True", reason: "Accepted" }] } };
    const may = async (method: "GET" | "POST" | "PATCH" | "DELETE", target: string, sent?: object) =>
      (await asked.ask(method, target, sent, method === "PATCH" ? "application/merge-patch+json" : undefined))
        .status;
    const own = `${ISTIO}/namespaces/${namespace}/virtualservices/edge`;
    expect(await may("PATCH", `${own}/status`, status)).toBe(200);
    expect(body.metadata.resourceVersion).not.toBe("");
    expect(await may("PATCH", own, { spec: { hosts: ["b.example"] } })).toBe(403);
    expect(await may("DELETE", own)).toBe(403);
    const secrets = `/api/v1/namespaces/${namespace}/secrets`;
    expect(await may("GET", `${secrets}?fieldSelector=metadata.name%3Doutside-ca`)).toBe(200);
    expect(await may("GET", `${secrets}/another`)).toBe(403);
    expect(await may("GET", secrets)).toBe(403);
    expect(await may("GET", "/api/v1/configmaps")).toBe(403);
    const ofMesh = "/api/v1/namespaces/istio-system/configmaps?fieldSelector=metadata.name%3D";
    expect(await may("GET", `${ofMesh}istio`)).toBe(200);
    expect(await may("GET", `${ofMesh}another`)).toBe(403);
    await workspace.dispose();
  } finally {
    await lease.close();
    await source.close();
    await client.close();
    asked.close();
  }
});

test("a server with the exported arguments reads, decides and writes, and nothing is forbidden", async () => {
  await account();
  const authority = await Authority.create("edge");
  const { certificate, key } = await authority.issue({ names: ["edge-server"], addresses: [HOST] });
  const files = {
    "tls.crt": certificate,
    "tls.key": key,
    "ca.crt": authority.certificate,
    token: "a-token-of-tests\n",
  };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(path.join(folder, name), text, { mode: 0o600 });
  }
  const deployment = parse(await readFile(path.join(folder, "out", "server-deployment.yaml"), "utf8"));
  const places: readonly (readonly [RegExp, string])[] = [
    [/^\/etc\/sluice-(tls|token)/, folder],
    [/^\/etc\/sluice-clients/, path.join(folder, "out", "clients")],
    [/^\/var\/lib\/sluice/, folder],
    [/^0\.0\.0\.0:\d+$/, `${HOST}:0`],
    [/^\$\(POD_IP\)/, HOST],
    [/^\$\(POD_NAMESPACE\)/, namespace],
  ];
  const [, ...args] = deployment.spec.template.spec.containers[0].args as string[];
  const here = args.map((word) => places.reduce((text, [pod, local]) => text.replace(pod, local), word));
  const server = new SluiceRun([...here, "--kubeconfig", file()], folder, "serve");
  try {
    await server.event("reviewing");
    for (const [version, plural] of [
      ["networking.istio.io/v1", "virtualservices"],
      ["networking.istio.io/v1", "workloadgroups"],
      ["networking.istio.io/v1beta1", "proxyconfigs"],
      ["security.istio.io/v1", "requestauthentications"],
    ]) {
      const one = `/apis/${version}/namespaces/${namespace}/${plural}/edge`;
      await expect.poll(async () => conditionsOf(await api.get(one))).toContain("Accepted=True");
    }
    const lease = await api.get<{ spec: { holderIdentity?: string } }>(
      `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/edge-server`,
    );
    expect(lease.spec.holderIdentity).toBeTruthy();
    expect(server.events.filter(({ event }) => event === "problem")).toEqual([]);
  } finally {
    await server.stop();
  }
});

interface WithConditions {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function conditionsOf(object: unknown): string[] {
  return ((object as WithConditions).status?.conditions ?? []).map(({ type, status }) => `${type}=${status}`);
}
