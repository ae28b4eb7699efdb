/** What people ask about a cluster with the command line, beside kubectl: where a request goes, and what applying files would change. */

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { sluice } from "../harness/sluice.ts";
import { createAccount, READ_RULES } from "./harness/account.ts";
import { kubeconfig } from "./harness/kubeconfig.ts";
import { admin, createNamespace, programs } from "./harness/shared-server.ts";

const api = admin();
let folder: string;
let namespace: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-commands-"));
  namespace = await createNamespace(api, "shop");
  await write("kubeconfig", kubeconfig(api.credentials, namespace));
  await put("mesh.yaml", [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "reviews" },
      spec: { ports: [{ name: "http", port: 80, targetPort: 9080 }] },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "reviews-1", labels: { "kubernetes.io/service-name": "reviews" } },
      addressType: "IPv4",
      ports: [{ name: "http", port: 9080 }],
      endpoints: [{ addresses: ["10.9.8.7"], conditions: { ready: true } }],
    },
    rule("1s", "reviews"),
    ...outside(),
  ]);
  await kubectl("apply", "--filename", "mesh.yaml");
});
afterAll(async () => {
  api.close();
  await rm(folder, { recursive: true });
});

function rule(timeout: string, host: string): object {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "reviews", namespace },
    spec: { hosts: ["reviews"], http: [{ timeout, route: [{ destination: { host } }] }] },
  };
}

/** A machine that has from its group what it does not say itself, and a service that only its name tells apart from others. */
function outside(): object[] {
  const istio = (kind: string, name: string, spec: object, more: object = {}) => ({
    apiVersion: `networking.istio.io/${kind === "ProxyConfig" ? "v1beta1" : "v1"}`,
    kind,
    metadata: { name, ...more },
    spec,
  });
  const owner = { apiVersion: "networking.istio.io/v1", kind: "WorkloadGroup", name: "machines", uid: "1" };
  return [
    istio("ServiceEntry", "database", {
      hosts: ["database.example"],
      ports: [{ number: 5432, name: "tcp", protocol: "TCP" }],
      resolution: "DNS",
    }),
    istio("ProxyConfig", "names", { environmentVariables: { ISTIO_META_DNS_CAPTURE: "true" } }),
    istio("ServiceEntry", "machine", {
      hosts: ["machine.example"],
      ports: [{ number: 80, name: "http", protocol: "HTTP" }],
      resolution: "STATIC",
      workloadSelector: { labels: { app: "machine" } },
    }),
    istio("WorkloadEntry", "machine", { address: "10.9.8.1" }, { ownerReferences: [owner] }),
    istio("WorkloadGroup", "machines", { template: { labels: { app: "machine" }, ports: { http: 8080 } } }),
  ];
}

async function write(name: string, text: string): Promise<void> {
  await writeFile(path.join(folder, name), text);
}

async function put(name: string, objects: readonly object[]): Promise<void> {
  await write(name, objects.map((object) => stringify(object)).join("---\n"));
}

async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(programs().kubectl, ["--kubeconfig=kubeconfig", ...args], {
    cwd: folder,
  });
  return stdout;
}

function ask(command: string, ...args: string[]) {
  const cluster = ["--kubernetes", "--kubeconfig", "kubeconfig", "--namespaces", namespace];
  return sluice([command, ...cluster, "--proxy-namespace", namespace, ...args], folder);
}

test("explain says where a request goes right now, as soon as an endpoint is another", async () => {
  const before = await ask("explain", "http://reviews/");
  expect(before).toMatchObject({ code: 0 });
  expect(before.out).toContain("10.9.8.7:9080");
  expect(before.out).toContain(`kubernetes://${namespace}/VirtualService/reviews`);
  const patch = JSON.stringify([{ op: "replace", path: "/endpoints/0/addresses/0", value: "10.9.8.6" }]);
  await kubectl("patch", "endpointslice", "reviews-1", "--type=json", `--patch=${patch}`);
  expect((await ask("explain", "http://reviews/")).out).toContain("10.9.8.6:9080");
});

test("diff says what kubectl apply will change, and nothing more once it has", async () => {
  await put("change.yaml", [rule("2s", "reviews")]);
  const before = await ask("diff", "change.yaml", "--exit-code");
  expect(before).toMatchObject({ code: 1, err: "" });
  expect(before.out).toContain("- timeout: 1 s");
  expect(before.out).toContain("+ timeout: 2 s");
  expect(await kubectl("apply", "--filename", "change.yaml")).toContain("configured");
  expect(await ask("diff", "change.yaml", "--exit-code")).toMatchObject({ code: 0, err: "" });
});

test("the mesh configuration of the cluster holds, which is its ConfigMap istio in istio-system", async () => {
  const path = "/api/v1/namespaces/istio-system/configmaps";
  await api.ask("POST", "/api/v1/namespaces", { metadata: { name: "istio-system" } });
  // Of no effect for other tests, which see it as well.
  await api.create(path, {
    metadata: { name: "istio" },
    data: { mesh: "protocolDetectionTimeout: 7s\ntrustDomain: null\n" },
  });
  try {
    await put("wrong.yaml", [
      {
        apiVersion: "install.istio.io/v1alpha1",
        kind: "IstioOperator",
        metadata: { name: "other" },
        spec: { meshConfig: { protocolDetectionTimeout: "8s" } },
      },
    ]);
    const { out } = await ask("check", "wrong.yaml", "--format", "json");
    const found = JSON.parse(out).diagnostics.filter(({ code }: { code: string }) => code === "SL0940");
    expect(JSON.stringify(found)).toContain("kubernetes://istio-system/ConfigMap/istio");
  } finally {
    await api.ask("DELETE", `${path}/istio`);
  }
});

test("WorkloadGroups are templates of entries, and a ProxyConfig says what proxies are like", async () => {
  const [checked, explained] = await Promise.all([
    ask("check", "--format", "json"),
    ask("explain", "http://machine.example/"),
  ]);
  // Where names are not resolved beside the proxy, a TCP service without an address cannot be told apart.
  expect(JSON.parse(checked.out).diagnostics).toEqual([]);
  expect(explained.out).toContain("10.9.8.1:8080");
});

test("check holds a file against the cluster: a host that is not there", async () => {
  await put("wrong.yaml", [rule("2s", "revews")]);
  const { out } = await ask("check", "wrong.yaml", "--format", "json");
  const found = JSON.parse(out).diagnostics.filter(({ file }: { file?: string }) => file === "wrong.yaml");
  expect(found).toEqual([expect.objectContaining({ message: expect.stringContaining("revews") })]);
});

test("an account that may not read rules is told which rule of RBAC to add", async () => {
  const rules = READ_RULES.filter(({ apiGroups }) => !apiGroups.includes("networking.istio.io"));
  await write("reader", kubeconfig(await createAccount(api, namespace, "reader", rules), namespace));
  const { code, out } = await sluice(["check", "--kubernetes", "--kubeconfig", "reader"], folder);
  expect(code).toBe(1);
  expect(out).toContain('- apiGroups: ["networking.istio.io"]');
  expect(out).toContain('resources: ["virtualservices"]');
});
