import { expect, test, vi } from "vitest";
import {
  createWorkspace,
  EnvironmentError,
  type ProxyOptions,
  printableIr,
  type RuleSource,
  rulesOf,
  type SourceFile,
  texts,
  type Workspace,
} from "./index.ts";

const resource = (kind: string, name: string, spec: string, namespace = "default") =>
  `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n`;
const service = (host: string, port = 80) =>
  resource(
    "ServiceEntry",
    host.split(".")[0]!,
    `{ hosts: [${host}], ports: [{ number: ${port}, name: http, protocol: HTTP }], resolution: STATIC, endpoints: [{ address: 192.0.2.1, labels: { version: v1 } }, { address: 192.0.2.2 }] }`,
  );
const gateway = (name: string, selector: string, port: number) =>
  resource(
    "Gateway",
    name,
    `{ selector: { ${selector} }, servers: [{ port: { number: ${port}, name: http, protocol: HTTP }, hosts: ["*"] }] }`,
  );
const rule = (name: string, match: string, to: string, namespace = "default") =>
  resource(
    "VirtualService",
    name,
    `{ hosts: [${name}.example], gateways: [edge, other, mesh], http: [{ match: [${match}], route: [{ destination: { host: ${to} } }] }, { route: [{ destination: { host: a.example } }] }] }`,
    namespace,
  );

/** What a proxy's labels, namespace, ports and target make a difference to. */
const MESH: Readonly<Record<string, string>> = {
  "gateways.yaml": [gateway("edge", "app: one", 80), gateway("other", "app: two", 8080)].join("---\n"),
  "services.yaml": [service("a.example"), service("b.example", 8000), service("c.example")].join("---\n"),
  "a.yaml": rule("a", '{ uri: { prefix: "/b" }, sourceLabels: { app: one } }', "b.example"),
  "b.yaml": rule("b", '{ headers: { x: { exact: "1" } }, sourceNamespace: team }', "c.example"),
  "c.yaml": rule("c", '{ uri: { regex: "/r/[a-z]+" }, port: 80 }', "b.example", "team"),
  "policy.yaml": resource(
    "DestinationRule",
    "a",
    "{ host: a.example, subsets: [{ name: v1, labels: { version: v1 } }] }",
  ),
};

/** As a cluster's watch gives them: what has not changed is the same object as before. */
class ChangingSource implements RuleSource {
  readonly #files = new Map<string, SourceFile>();
  failure: Error | undefined;

  constructor(byName: Readonly<Record<string, string>>) {
    for (const [name, text] of Object.entries(byName)) {
      this.set(name, text);
    }
  }

  set(name: string, text: string): void {
    this.#files.set(name, { path: name, text });
  }

  get texts(): Record<string, string> {
    return Object.fromEntries([...this.#files.values()].map(({ path, text }) => [path, text]));
  }

  async read(): Promise<SourceFile[]> {
    if (this.failure !== undefined) {
      throw this.failure;
    }
    return [...this.#files.values()];
  }

  async watch(): Promise<{ close(): Promise<void> }> {
    return { close: async () => {} };
  }
}

/** All that a build is made of; the rest of it follows from that and the options. */
async function outcome(workspace: Workspace, proxy: string): Promise<string> {
  const { findings, compilation } = await workspace.compile(proxy);
  return JSON.stringify({
    findings: findings.diagnostics,
    config: compilation && printableIr(compilation.config),
    blobs:
      compilation &&
      [...compilation.blobs].map(([name, blob]) => [name, Buffer.from(blob).toString("base64")]),
  });
}

test("fifty proxies of one mesh, whatever changes, each have what a compiler of their own would make", async () => {
  const proxies = Object.fromEntries(
    Array.from({ length: 50 }, (_, i): [string, Partial<ProxyOptions>] => [
      `proxy-${i}`,
      {
        target: i % 3 === 0 ? "native" : "wasm",
        proxyLabels: { app: i % 2 === 0 ? "one" : "two", version: `v${i % 5}` },
        proxyNamespace: i % 4 === 0 ? "team" : "default",
        meshPort: i % 7 === 0 ? 0 : 15000 + i,
        meshListeners: i % 5 === 0,
        portMap: new Map(i % 6 === 0 ? [[80, 10080 + i]] : []),
        outboundPolicy: i % 8 === 0 ? "REGISTRY_ONLY" : "ALLOW_ANY",
      },
    ]),
  );
  const source = new ChangingSource(MESH);
  const warm = createWorkspace({ source, proxies });
  const rounds: (() => void)[] = [
    () => {},
    () => source.set("a.yaml", MESH["a.yaml"]!.replace('"/b"', '"/elsewhere"')),
    () => source.set("services.yaml", MESH["services.yaml"]!.replace("192.0.2.2", "192.0.2.3")),
    () => source.set("policy.yaml", MESH["policy.yaml"]!.replace("subsets:", "subsetz:")),
    () => source.set("policy.yaml", `# moved\n${MESH["policy.yaml"]}`),
    () => source.set("gateways.yaml", MESH["gateways.yaml"]!.replace("app: two", "app: one")),
  ];
  const seen = new Set<string>();
  for (const change of rounds) {
    change();
    for (const name of Object.keys(proxies)) {
      const cold = createWorkspace({ source: texts(source.texts), proxies: { [name]: proxies[name]! } });
      const expected = await outcome(cold, name);
      expect(await outcome(warm, name)).toBe(expected);
      seen.add(expected);
    }
  }
  // Or the views would not differ in anything.
  expect(seen.size).toBeGreaterThan(100);
}, 600_000);

test("two workspaces know nothing of each other, whatever their files are called", async () => {
  const proxies = { default: { proxyLabels: { app: "one" } } };
  const one = createWorkspace({ source: new ChangingSource(MESH), proxies });
  const other = createWorkspace({
    source: new ChangingSource({ ...MESH, "a.yaml": MESH["a.yaml"]!.replace("b.example", "c.example") }),
    proxies,
  });
  const before = await outcome(one, "default");
  expect(await outcome(other, "default")).not.toBe(before);
  expect(await outcome(one, "default")).toBe(before);
  const { report } = await one.diff(other);
  // At the gateway, and in the mesh.
  expect(report?.differences.map(({ changes }) => changes.map(({ what }) => what))).toEqual([["to"], ["to"]]);
  expect((await one.diff(one)).report?.differences).toEqual([]);
});

test("a document is parsed once, however many proxies it is for", async () => {
  const progress = { at: vi.fn() };
  const workspace = createWorkspace({
    source: new ChangingSource(MESH),
    proxies: { one: {}, two: { meshPort: 0 } },
    progress,
  });
  const parsings = () => progress.at.mock.calls.filter(([phase]) => phase === "parsing").length;
  await workspace.compile("one");
  const first = parsings();
  expect(first).toBeGreaterThan(0);
  await workspace.compile("two");
  expect(parsings()).toBe(first);
});

test("what all proxies have in common is said once, and what one of them has, too", async () => {
  const unknown = rule("d", '{ uri: { prefix: "/" } }', "nowhere.example");
  const workspace = createWorkspace({
    source: texts({ ...MESH, "unknown.yaml": unknown }),
    proxies: { one: { proxyLabels: { app: "one" } }, two: { proxyLabels: { app: "two" } } },
  });
  const all = (await workspace.check()).diagnostics.map((finding) => JSON.stringify(finding));
  expect(new Set(all).size).toBe(all.length);
  const each = await Promise.all(["one", "two"].map((name) => workspace.check(name)));
  const single = each.flatMap(({ diagnostics }) => diagnostics.map((finding) => JSON.stringify(finding)));
  expect(new Set(all)).toEqual(new Set(single));
  expect(single.length).toBeGreaterThan(all.length);
});

test("a source that fails leaves the rules that it gave last, and that is said", async () => {
  const source = new ChangingSource(MESH);
  const workspace = createWorkspace({ source });
  const before = await workspace.compile();
  source.failure = new Error("the API server is away");
  const { findings, compilation } = await workspace.compile();
  expect(compilation?.config).toEqual(before.compilation?.config);
  const codes = before.findings.diagnostics.map(({ code }) => code);
  expect(findings.diagnostics.map(({ code }) => code)).toEqual([...codes, "SL0009"]);
  expect(findings.diagnostics.at(-1)!.message).toContain("the API server is away");
  source.failure = undefined;
  expect((await workspace.compile()).findings.diagnostics).toEqual(before.findings.diagnostics);
});

test("a source that never gave anything is the environment's failure, with its reason", async () => {
  const source = new ChangingSource(MESH);
  source.failure = new Error("forbidden");
  const failure = await createWorkspace({ source })
    .compile()
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(EnvironmentError);
  expect(failure).toMatchObject({ message: expect.stringContaining("forbidden"), cause: source.failure });
});

test("wrong rules are findings, and nothing is thrown", async () => {
  const workspace = createWorkspace({ source: texts({ "a.yaml": "kind: [" }) });
  const { findings, compilation } = await workspace.compile();
  expect(compilation).toBeUndefined();
  expect(findings.hasErrors).toBe(true);
  expect(findings.diagnostics[0]).toMatchObject({ code: "SL0005", file: "a.yaml", line: 1 });
  expect(await workspace.explain(undefined, "GET http://a.example/")).toEqual({
    findings: expect.anything(),
    held: [],
  });
  expect(await workspace.test(undefined, texts({}))).toMatchObject({ checks: [], ok: false });
});

test("requests are asked, and cases", async () => {
  const workspace = createWorkspace({ source: texts(MESH) });
  const { explanation } = await workspace.explain(undefined, "GET http://a.example/");
  expect(explanation?.decision).toMatchObject({
    outcome: "forward",
    cluster: "outbound|80||a.example",
  });
  const cases = texts({
    "cases.yaml":
      'name: a\nchecks:\n- { ask: "GET http://a.example/", expect: { cluster: a.example } }\n- { ask: "GET http://a.example/", expect: { status: 404 } }\n',
  });
  const result = await workspace.test(undefined, cases, { coverage: true });
  expect(result).toMatchObject({ ok: false, cases: 1, checks: [{ ok: true }, { ok: false }] });
  expect(result.coverage?.rules.total).toBe(4);
  const wrong = await workspace.test(undefined, texts({ "cases.yaml": "name: a\n" }));
  expect(wrong).toMatchObject({ checks: [], ok: false, caseFindings: { hasErrors: true } });
});

test("a watch tells of changes until it is closed, or the workspace is disposed of", async () => {
  const close = vi.fn(async () => {});
  let tell: (() => void) | undefined;
  const source: RuleSource = {
    read: async () => [],
    watch: async (onChange) => {
      tell = onChange;
      return { close };
    },
  };
  const workspace = createWorkspace({ source });
  const onChange = vi.fn();
  const watch = await workspace.watch(onChange);
  tell!();
  expect(onChange).toHaveBeenCalledOnce();
  await watch.close();
  expect(close).toHaveBeenCalledOnce();
  await workspace.watch(onChange);
  await workspace.dispose();
  expect(close).toHaveBeenCalledTimes(2);
  await expect(workspace.check()).rejects.toThrow(TypeError);
});

test("whether a compilation is still what the source says", async () => {
  const source = new ChangingSource(MESH);
  const rules = rulesOf(createWorkspace({ source }));
  const { compilation } = await rules.compile();
  expect(await rules.isCurrent(compilation!)).toBe(true);
  source.set("a.yaml", `${MESH["a.yaml"]}# more\n`);
  expect(await rules.isCurrent(compilation!)).toBe(false);
});

test("of a resource that is given twice the last one decides, and is not at odds with itself", async () => {
  const answering = (status: number) =>
    resource(
      "VirtualService",
      "shop",
      `{ hosts: [shop.example], http: [{ directResponse: { status: ${status} } }] }`,
    );
  const old = createWorkspace({ source: texts({ "rules.yaml": answering(200) }) });
  const now = createWorkspace({ source: texts({ "rules.yaml": answering(200), "zz.yaml": answering(403) }) });
  const { diagnostics } = await now.check();
  expect(diagnostics.filter(({ level }) => level !== "info").map(({ code }) => code)).toEqual(["SL0010"]);
  const { explanation } = await now.explain(undefined, "GET http://shop.example/");
  expect(explanation?.decision).toMatchObject({ status: 403 });
  const { report } = await old.diff(now);
  expect(report?.differences).toHaveLength(1);
  const again = await now.diff(createWorkspace({ source: texts({ "rules.yaml": answering(403) }) }));
  expect(again.report?.differences).toEqual([]);
});

test("what a later one replaces is still checked", async () => {
  const answering = (status: number) =>
    resource(
      "VirtualService",
      "shop",
      `{ hosts: [shop.example], http: [{ directResponse: { status: ${status} } }] }`,
    );
  const workspace = createWorkspace({
    source: texts({ "a.yaml": answering(9999), "b.yaml": answering(200) }),
  });
  const { diagnostics } = await workspace.check();
  expect(diagnostics.filter(({ level }) => level === "error")).toMatchObject([{ file: "a.yaml" }]);
});
