import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import { compile, createWorkspace } from "../../index.ts";
import { parseDocuments } from "../../source/parse.ts";
import { Cluster } from "./cluster.fixture.ts";
import { type KubernetesSource, type KubernetesSourceOptions, kubernetes } from "./kubernetes-source.ts";

let cluster: Cluster;
const sources: KubernetesSource[] = [];
beforeEach(async () => {
  cluster = await Cluster.start();
});
afterEach(async () => {
  await Promise.all(sources.splice(0).map((source) => source.close()));
  await cluster.close();
});

function open(options: Partial<KubernetesSourceOptions> = {}) {
  const findings: Diagnostic[] = [];
  const lines: string[] = [];
  const source = kubernetes({ client: cluster.client, onProblem: (line) => lines.push(line), ...options });
  sources.push(source);
  const read = () => source.read({ report: (finding) => void findings.push(finding) });
  /** What there is after the next change that is told. */
  const next = async (change: () => void): Promise<readonly SourceFile[]> => {
    const told = new Promise<void>((resolve) => {
      void source.watch(resolve);
    });
    change();
    await told;
    return read();
  };
  return { source, read, next, findings, lines };
}

const paths = (files: readonly SourceFile[]) => files.map(({ path }) => path);
const rule = (host: string) => ({ spec: { hosts: [host], http: [{ route: [{ destination: { host } }] }] } });

test("objects are documents, as kubectl prints what is read of them", async () => {
  cluster.apply("VirtualService", {
    name: "web",
    namespace: "shop",
    labels: { team: "a" },
    annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}", note: "b" },
    fields: { ...rule("web"), status: { conditions: [{ type: "Accepted" }] } },
  });
  cluster.apply("Node", {
    name: "one",
    labels: { "topology.kubernetes.io/zone": "z", "beta.kubernetes.io/arch": "amd64" },
    fields: { status: { images: ["much"] }, spec: { podCIDR: "10.0.0.0/24" } },
  });
  const [web, node] = await open().read();
  expect(web!.path).toBe("kubernetes://shop/VirtualService/web");
  expect(web!.text).toBe(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  annotations:
    note: b
  creationTimestamp: "2026-11-29T00:00:00Z"
  labels:
    team: a
  name: web
  namespace: shop
spec:
  hosts:
  - web
  http:
  - route:
    - destination:
        host: web
`);
  expect(node!.path).toBe("kubernetes://Node/one");
  expect(node!.text).toBe(`apiVersion: v1
kind: Node
metadata:
  creationTimestamp: "2026-11-29T00:00:00Z"
  labels:
    topology.kubernetes.io/zone: z
  name: one
`);
});

test("the oldest comes first, then the order of names and namespaces, as in istiod", async () => {
  const at = (name: string, namespace: string, second: number) =>
    cluster.apply("VirtualService", {
      name,
      namespace,
      creationTimestamp: `2026-11-29T00:00:0${second}Z`,
      fields: rule(name),
    });
  at("b", "x", 1);
  at("a", "z", 2);
  at("a", "y", 2);
  at("c", "x", 0);
  const { read, next } = open();
  const names = (files: readonly SourceFile[]) =>
    paths(files).map((path) => path.replace(/^kubernetes:\/\/(.*)\/VirtualService/, "$1"));
  expect(names(await read())).toEqual(["x/c", "x/b", "y/a", "z/a"]);
  expect(names(await next(() => at("new", "x", 1)))).toEqual(["x/c", "x/b", "x/new", "y/a", "z/a"]);
  expect(names(await next(() => cluster.remove("VirtualService", "b", "x")))).toEqual([
    "x/c",
    "x/new",
    "y/a",
    "z/a",
  ]);
});

test("what the compiler does not read changes nothing, and tells nobody", async () => {
  const pod = (probed: string, ready = "True") =>
    cluster.apply("Pod", {
      name: "web-1",
      annotations: { probed },
      fields: {
        spec: { nodeName: "one", containers: [{ name: "main", image: probed }] },
        status: { podIP: "10.0.0.1", conditions: [{ type: "Ready", status: ready, lastProbeTime: probed }] },
      },
    });
  pod("first");
  const { source, read } = open();
  const [before] = await read();
  let told = 0;
  await source.watch(() => told++);
  pod("second");
  const changed = new Promise<void>((resolve) => void source.watch(resolve));
  pod("third", "False");
  await changed;
  expect(told).toBe(1);
  const [after] = await read();
  expect(after).not.toBe(before);
  const node = cluster.apply("Node", { name: "one" });
  expect(node).toBeDefined();
  expect((await read()).find(({ path }) => path.includes("Pod"))).toBe(after);
});

test("a newer version of the same text is the same file, and its version is known", async () => {
  cluster.apply("VirtualService", { name: "web", fields: rule("web") });
  const { source, read, next } = open();
  const [before] = await read();
  const { resourceVersion } = cluster.apply("VirtualService", {
    name: "web",
    fields: { ...rule("web"), status: {} },
  }).metadata;
  const [after] = await next(() => cluster.apply("Node", { name: "later" }));
  expect(after).toBe(before);
  expect(source.objectOf(after!.path)).toMatchObject({
    name: "web",
    namespace: "default",
    uid: "uid-of-VirtualService-web",
    resourceVersion,
    type: { kind: "VirtualService", group: "networking.istio.io" },
  });
  expect(source.objectOf("kubernetes://default/VirtualService/other")).toBeUndefined();
});

describe("Secrets", () => {
  const gateway = (credentialName: string, mode = "SIMPLE") =>
    cluster.apply("Gateway", {
      name: "edge",
      namespace: "shop",
      fields: { spec: { selector: { istio: "ingress" }, servers: [{ tls: { mode, credentialName } }] } },
    });
  const secret = (name: string, namespace: string, key = "a") =>
    cluster.apply("Secret", {
      name,
      namespace,
      fields: { type: "kubernetes.io/tls", data: { "tls.crt": key, other: "b" } },
    });

  test("only those that rules name are asked for, by their names, where a proxy looks for them", async () => {
    gateway("cert");
    cluster.apply("Pod", { name: "ingress-1", namespace: "edge", labels: { istio: "ingress" } });
    for (const namespace of ["shop", "edge", "elsewhere"]) {
      secret("cert", namespace);
      secret("private", namespace);
    }
    const files = await open().read();
    expect(paths(files).filter((path) => path.includes("/Secret/"))).toEqual([
      "kubernetes://edge/Secret/cert",
      "kubernetes://shop/Secret/cert",
    ]);
    expect(cluster.lists.filter((path) => path.includes("secrets"))).toEqual([
      "/api/v1/namespaces/edge/secrets?cert",
      "/api/v1/namespaces/shop/secrets?cert",
    ]);
    expect(files.find(({ path }) => path.includes("/Secret/"))!.text).not.toContain("other");
  });

  test("one that is named later is there when its rule is", async () => {
    secret("cert", "shop");
    secret("cert-cacert", "shop");
    const { read, next } = open();
    expect(await read()).toEqual([]);
    const files = await next(() => gateway("cert", "MUTUAL"));
    expect(paths(files)).toEqual([
      "kubernetes://shop/Gateway/edge",
      "kubernetes://shop/Secret/cert",
      "kubernetes://shop/Secret/cert-cacert",
    ]);
    expect(paths(await next(() => cluster.remove("Gateway", "edge", "shop")))).toEqual([]);
  });

  test("one that is renewed is told", async () => {
    gateway("cert");
    secret("cert", "shop");
    const { read, next } = open();
    await read();
    const files = await next(() => secret("cert", "shop", "renewed"));
    expect(files.at(-1)!.text).toContain("renewed");
  });

  test("what is no name asks for nothing", async () => {
    gateway("cert,metadata.namespace=kube-system");
    await open().read();
    expect(cluster.lists.filter((path) => path.includes("secrets"))).toEqual([]);
  });
});

test("namespaces and a selector choose what is read", async () => {
  for (const namespace of ["a", "b", "c"]) {
    cluster.apply("VirtualService", { name: "mine", namespace, labels: { team: "x" }, fields: rule("web") });
    cluster.apply("VirtualService", { name: "theirs", namespace, fields: rule("web") });
    cluster.apply("Service", { name: "web", namespace, fields: { spec: { ports: [{ port: 80 }] } } });
  }
  const files = await open({ namespaces: ["a", "b"], selector: "team=x" }).read();
  expect(paths(files)).toEqual([
    "kubernetes://a/VirtualService/mine",
    "kubernetes://b/VirtualService/mine",
    "kubernetes://a/Service/web",
    "kubernetes://b/Service/web",
  ]);
});

test("Istio's kinds are read in the version that the cluster has", async () => {
  cluster.istioVersion = "v1beta1";
  cluster.apply("VirtualService", { name: "web", fields: rule("web") });
  const [file] = await open().read();
  expect(file!.text).toMatch(/^apiVersion: networking\.istio\.io\/v1beta1\n/);
});

test("what rules and endpoints are held against is told when it changes: groups of workloads, settings of proxies", async () => {
  cluster.apply("WorkloadEntry", {
    name: "one",
    ownerReferences: [
      { apiVersion: "networking.istio.io/v1", kind: "WorkloadGroup", name: "vm", uid: "1", controller: true },
    ],
    fields: { spec: { address: "10.0.0.1" } },
  });
  cluster.apply("WorkloadGroup", { name: "vm", fields: { spec: { template: { labels: { app: "vm" } } } } });
  const { source, read, next } = open();
  const [entry] = await read();
  expect(parseDocuments(entry!, { report() {} })[0]!.value).toMatchObject({
    metadata: { ownerReferences: [{ kind: "WorkloadGroup", name: "vm" }] },
  });
  const changed = await next(() =>
    cluster.apply("ProxyConfig", { name: "own", fields: { spec: { concurrency: 2 } } }),
  );
  expect(paths(changed)).toEqual([
    "kubernetes://default/WorkloadEntry/one",
    "kubernetes://default/WorkloadGroup/vm",
    "kubernetes://default/ProxyConfig/own",
  ]);
  const { compilation } = await compile({ source, proxy: { proxyNamespace: "default" } });
  expect(compilation!.config.workers).toBe(2);
});

test("what may not be read is an error with the rule to add, and what only helps is a warning", async () => {
  cluster.forbidden.add("/apis/networking.istio.io/v1/virtualservices").add("/api/v1/nodes");
  const { read, findings, lines } = open();
  await read();
  expect(findings.map(({ code, level }) => [code, level]).sort()).toEqual([
    ["SL0025", "error"],
    ["SL0025", "warning"],
  ]);
  expect(findings.find(({ level }) => level === "error")!.message).toMatch(/virtualservices[\s\S]*verbs:/);
  expect(lines).toHaveLength(2);
});

test("a server that is away is said once, in a line, and reading fails", async () => {
  const { read, lines } = open();
  await cluster.close();
  await expect(read()).rejects.toThrow(/ECONNREFUSED|refuse/);
  expect(lines).toHaveLength(1);
  cluster = await Cluster.start();
});

describe("what was applied with kubectl", () => {
  const applied = {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "web", namespace: "default", annotations: {} },
    spec: { hosts: ["web"], http: [{ timeout: "5", route: [{ destination: { host: "web" } }] }] },
  };

  async function explained(field: readonly (string | number)[], spec: object): Promise<Diagnostic> {
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify(applied) };
    cluster.apply("VirtualService", { name: "web", annotations, fields: { spec } });
    const { source, read } = open();
    const [file] = await read();
    const [document] = parseDocuments(file!, { report() {} });
    return source.explained({ code: "SL0201", level: "error", message: "", span: document!.spanOf(field) });
  }

  test("has the place of a finding, too", async () => {
    const { related } = await explained(["spec", "http", 0, "timeout"], applied.spec);
    const [{ message, span }] = related as [NonNullable<typeof related>[number]];
    expect(message).toBe("as it was last applied with kubectl");
    expect(span.file.path).toBe("kubernetes://default/VirtualService/web#last-applied");
    expect(span.file.text.slice(span.start, span.end)).toBe('"5"');
  });

  test("is beside what check finds", async () => {
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify(applied) };
    cluster.apply("VirtualService", { name: "web", annotations, fields: { spec: applied.spec } });
    const { diagnostics } = await createWorkspace({ source: open().source }).check();
    const [wrong] = diagnostics.filter(({ level }) => level === "error");
    expect(wrong).toMatchObject({
      file: "kubernetes://default/VirtualService/web",
      related: [{ file: "kubernetes://default/VirtualService/web#last-applied" }],
    });
  });

  test("lacks what somebody else has set", async () => {
    const { related } = await explained(["spec", "http", 0, "retries"], {
      ...applied.spec,
      http: [{ ...applied.spec.http[0], retries: { attempts: -1 } }],
    });
    expect(related![0]!.message).toMatch(/^`spec\.http\[0\]\.retries` is not in what was last applied/);
  });
});

describe("whatever the API server sends", () => {
  test.each([
    ["spec is a text", { spec: "no" }],
    ["lists are mappings", { spec: { hosts: { 0: "a" }, http: { route: {} } } }],
    ["nothing is there", {}],
    ["it is deep", { spec: JSON.parse(`${'{"a":'.repeat(3_000)}1${"}".repeat(3_000)}`) }],
    ["names are odd", { spec: { "__proto__ ": 1, "\u0000": { "a: b": "\u2028" }, hosts: ["{{x}}"] } }],
  ])("is a document: %s", async (_what, fields) => {
    for (const kind of ["VirtualService", "Service", "EndpointSlice", "Pod", "Gateway"] as const) {
      cluster.apply(kind, { name: "odd", fields });
    }
    expect(await open().read()).toHaveLength(5);
  });
});
