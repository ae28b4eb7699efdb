/** What is said of a proxy itself, wherever it is said: which of it holds, and what is reported of it. */

import { describe, expect, test } from "vitest";
import { understand } from "./compile.ts";
import type { Diagnostic } from "./diagnostics/diagnostic.ts";
import { DEFAULT_PROXY_OPTIONS } from "./options.ts";

const proxy = {
  ...DEFAULT_PROXY_OPTIONS,
  proxyNamespace: "shop",
  proxyLabels: { app: "web" },
};

function read(...documents: readonly string[]) {
  const findings: Diagnostic[] = [];
  const files = [{ path: "rules.yaml", text: documents.join("\n---\n") }];
  const { config, environment } = understand(files, proxy, "check", {
    report: (finding) => void findings.push(finding),
  });
  const said = findings
    .filter(({ level }) => level !== "info")
    .map(({ code, span }) => `${code} ${span?.file.text.slice(span.start, span.end)}`);
  return { config, proxyConfig: environment.proxyConfig, findings, said };
}

const mesh = (defaultConfig: string) =>
  `apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: { name: mesh }\nspec: { meshConfig: { defaultConfig: ${defaultConfig} } }`;
const resource = (name: string, namespace: string, spec: string) =>
  `apiVersion: networking.istio.io/v1beta1\nkind: ProxyConfig\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}`;
const deployment = (text: string, labels = "{ app: web, version: v1 }", name = "web") =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ${name}, namespace: shop }\nspec:\n  template:\n    metadata:\n      labels: ${labels}\n      annotations:\n        proxy.istio.io/config: |\n${text.replace(/^/gm, "          ")}\n`;

describe("the nearer to the proxy, the stronger", () => {
  const steps = [
    mesh("{ concurrency: 1 }"),
    resource("root", "istio-system", "{ concurrency: 2 }"),
    resource("own", "shop", "{ concurrency: 3 }"),
    deployment("concurrency: 4"),
    resource("one", "shop", "{ selector: { matchLabels: { app: web } }, concurrency: 5 }"),
  ];
  test.each(steps.map((_, i) => i + 1))("%i", (count) => {
    const { config, said } = read(...steps.slice(0, count).reverse());
    expect(config.workers).toBe(count);
    expect(said).toEqual([]);
  });
});

test("what is for others says nothing here", () => {
  const { config, proxyConfig } = read(
    resource("other", "elsewhere", "{ concurrency: 3 }"),
    resource("labels", "shop", "{ selector: { matchLabels: { app: web, version: v2 } }, concurrency: 3 }"),
    deployment("concurrency: 4", "{ app: other }"),
    deployment("concurrency: 4", "{ version: v1 }", "unnamed"),
  );
  expect(config).not.toHaveProperty("workers");
  expect(proxyConfig).toEqual({});
});

test("fields are replaced as a whole, but for metadata, and for headers that Istio keeps", () => {
  const { proxyConfig } = read(
    mesh(
      "{ proxyMetadata: { A: a, B: b }, gatewayTopology: { numTrustedProxies: 2, forwardClientCertDetails: SANITIZE }, proxyHeaders: { server: { value: edge }, requestId: { disabled: true }, preserveHttp1HeaderCase: true } }",
    ),
    deployment(
      "proxyMetadata: { B: other }\ngatewayTopology: { numTrustedProxies: 1 }\nproxyHeaders: { server: null, requestId: { disabled: false } }",
    ),
  );
  expect(proxyConfig).toEqual({
    proxyMetadata: { A: "a", B: "other" },
    gatewayTopology: { numTrustedProxies: 1 },
    proxyHeaders: { server: { value: "edge" }, requestId: { disabled: false } },
  });
});

test("a Pod may say it, too, in one line", () => {
  const pod =
    "apiVersion: v1\nkind: Pod\nmetadata: { name: web-0, namespace: shop, labels: { app: web }, annotations: { proxy.istio.io/config: '{\"concurrency\": 2}' } }";
  expect(read(pod).config.workers).toBe(2);
});

describe("what is said of it", () => {
  test("a field of the annotation that is wrong, where it stands", () => {
    const { said, proxyConfig } = read(deployment("concurency: 2\nconcurrency: many"));
    expect(said).toEqual(["SL0104 concurency", "SL0105 many"]);
    expect(proxyConfig).toEqual({});
  });

  test("an annotation that is not YAML", () => {
    expect(read(deployment("concurrency: [")).said).toEqual([expect.stringMatching(/^SL0005 /)]);
  });

  test("two that say different things of this proxy, with both places", () => {
    const { findings, said, config } = read(
      deployment("concurrency: 2"),
      deployment("concurrency: 3", "{ app: web, version: v2 }", "canary"),
    );
    expect(said).toEqual([expect.stringMatching(/^SL0942 [\s\S]*concurrency: 3/)]);
    expect(findings.find(({ code }) => code === "SL0942")!.related).toHaveLength(1);
    expect(config.workers).toBe(2);
    expect(read(deployment("concurrency: 2"), deployment("concurrency: 2", undefined, "b")).said).toEqual([]);
    expect(
      read(resource("a", "shop", "{ concurrency: 1 }"), resource("b", "shop", "{ concurrency: 2 }")).said,
    ).toEqual(["SL0942 { concurrency: 2 }"]);
  });

  test("what decides something and is not read, by name, unless an option says it", () => {
    expect(read(mesh("{ runtimeValues: { a: b }, holdApplicationUntilProxyStarts: true }")).said).toEqual([
      "SL0111 { a: b }",
    ]);
    const { said, findings } = read(
      resource(
        "own",
        "shop",
        "{ environmentVariables: { ISTIO_META_NETWORK: net-1, ISTIO_META_CLUSTER_ID: Kubernetes, OTHER: a } }",
      ),
    );
    expect(said).toHaveLength(1);
    expect(findings.find(({ code }) => code === "SL0111")!.help).toContain("--network net-1");
    expect(
      read(deployment("drainDuration: 5s"), deployment("drainDuration: 5s", "{ app: other }", "other")).said,
    ).toEqual([expect.stringMatching(/^SL0111 /)]);
  });

  test("a selector that selects nobody", () => {
    const { said, config } = read(resource("a", "shop", "{ selector: {}, concurrency: 1 }"));
    expect(said).toEqual(["SL0943 {}"]);
    expect(config).not.toHaveProperty("workers");
  });
});
