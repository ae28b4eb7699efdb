/** Commands that read a cluster: what they answer, and one line for each way in which it cannot be read. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { pathOf, RESOURCE_TYPES } from "../kubernetes/client/resource-types.ts";
import { Cluster } from "../kubernetes/source/cluster.fixture.ts";
import { runCommandLine } from "./commands.ts";
import { EXIT } from "./exit.ts";
import { Terminal } from "./terminal.ts";

const folder = mkdtempSync(path.join(tmpdir(), "sluice-cluster-"));
let cluster: Cluster;

beforeEach(async () => {
  cluster = await Cluster.start();
  cluster.apply("Service", {
    name: "reviews",
    fields: { spec: { selector: { app: "reviews" }, ports: [{ name: "http", port: 80, targetPort: 9080 }] } },
  });
  cluster.apply("EndpointSlice", {
    name: "reviews-1",
    labels: { "kubernetes.io/service-name": "reviews" },
    fields: {
      addressType: "IPv4",
      ports: [{ name: "http", port: 9080, protocol: "TCP" }],
      endpoints: [{ addresses: ["10.9.8.7"], conditions: { ready: true } }],
    },
  });
  cluster.apply("VirtualService", { name: "reviews", fields: rule("1s") });
});
afterEach(() => cluster.close());
afterAll(() => rmSync(folder, { recursive: true }));

function rule(timeout: string, host = "reviews"): Record<string, unknown> {
  return { spec: { hosts: ["reviews"], http: [{ timeout, route: [{ destination: { host } }] }] } };
}

function write(name: string, value: object): string {
  const file = path.join(folder, name);
  writeFileSync(file, JSON.stringify(value));
  return file;
}

/** A file that would change the rule of the cluster. */
function changed(timeout: string, { namespace = "default", host = "reviews" } = {}): string {
  const metadata = { name: "reviews", ...(namespace !== "" && { namespace }) };
  return write("rule.yaml", {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata,
    ...rule(timeout, host),
  });
}

function kubeconfig(server = cluster.client.server, namespace?: string): string {
  return write("kubeconfig", {
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", namespace } }],
    clusters: [{ name: "k", cluster: { server } }],
  });
}

async function sluice(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const into = (name: "out" | "err") => ({
    write(text: string) {
      said[name] += text;
      return true;
    },
  });
  const code = await runCommandLine(args, new Terminal(into("out"), into("err"), { NO_COLOR: "1" }));
  return { code, ...said };
}

const AT = (): string[] => ["--kubernetes", "--kubeconfig", kubeconfig()];

test("explain says where a request goes right now, with the real endpoints", async () => {
  const { code, out } = await sluice("explain", ...AT(), "http://reviews/");
  expect(code).toBe(EXIT.ok);
  expect(out).toContain("10.9.8.7:9080");
  expect(out).toContain("kubernetes://default/VirtualService/reviews");
});

test("diff says what applying a file would change, and nothing of what it would not", async () => {
  const different = await sluice("diff", ...AT(), changed("2s"), "--exit-code");
  expect(different.code).toBe(EXIT.rules);
  expect(different.out).toContain("reviews");
  const same = await sluice("diff", ...AT(), changed("1s"), "--exit-code");
  expect(same.code).toBe(EXIT.ok);
});

test("check holds files against the rest of the cluster", async () => {
  expect((await sluice("check", ...AT(), changed("2s"))).code).toBe(EXIT.ok);
  const wrong = await sluice("check", ...AT(), changed("2s", { host: "revews" }), "--format", "json");
  const { diagnostics } = JSON.parse(wrong.out);
  expect(diagnostics).toContainEqual(expect.objectContaining({ file: path.join(folder, "rule.yaml") }));
  expect(diagnostics.map(({ message }: { message: string }) => message).join()).toContain("revews");
});

test("a file without a namespace is of the namespace of the context, as with kubectl", async () => {
  const file = changed("2s", { namespace: "" });
  const replaced = await sluice("diff", ...AT(), file, "--format", "json", "--exit-code");
  expect(replaced.code).toBe(EXIT.rules);
  const config = kubeconfig(cluster.client.server, "shop");
  const elsewhere = ["--kubernetes", "--kubeconfig", config];
  const beside = await sluice("check", ...elsewhere, file, "--format", "json");
  const { diagnostics } = JSON.parse(beside.out);
  // In that namespace, there is no service of the short name.
  expect(diagnostics).toContainEqual(expect.objectContaining({ code: "SL0401", file }));
});

test("options may stand in sluice.yaml, with paths as seen from it", async () => {
  kubeconfig();
  const config = write("sluice.yaml", {
    kubernetes: true,
    kubeconfig: "kubeconfig",
    context: "c",
    namespaces: ["default"],
    selector: "!team",
  });
  const { code, out } = await sluice("explain", "--config", config, "http://reviews/");
  expect(code).toBe(EXIT.ok);
  expect(out).toContain("10.9.8.7:9080");
});

test("only the objects of the named namespaces are asked for", async () => {
  await sluice("check", ...AT(), "--namespaces", "shop, other");
  const services = cluster.lists.filter((list) => list.includes("/services"));
  expect(services.sort()).toEqual(["/api/v1/namespaces/other/services", "/api/v1/namespaces/shop/services"]);
});

test("a right that is missing is an error with the rule to add", async () => {
  cluster.forbidden.add(pathOf(RESOURCE_TYPES.VirtualService));
  const { code, out } = await sluice("check", ...AT());
  expect(code).toBe(EXIT.rules);
  expect(out).toContain('resources: ["virtualservices"]');
});

test("a server that is away is one line, and a failure of the environment", async () => {
  const { code, err } = await sluice(
    "check",
    "--kubernetes",
    "--kubeconfig",
    kubeconfig("http://127.61.21.1:1"),
  );
  expect(code).toBe(EXIT.environment);
  expect(err).toContain("no answer from the API server http://127.61.21.1:1");
  expect(err).toContain("connection refused");
  expect(err.trim()).not.toContain("\n");
});

test.each([
  [
    ["check"],
    "no input; name YAML files or directories, or - for standard input; or --kubernetes for a cluster",
  ],
  [["check", "x.yaml", "--context", "c"], "--context needs --kubernetes"],
  [["check", "--kubernetes", "--namespaces", "a,B"], '--namespaces: "B" is not the name of a namespace'],
  [["check", "--kubernetes", "--selector", "a = = b"], '--selector: "a = = b" is not valid'],
  [["diff", "x.yaml"], "diff compares two sets of rules"],
  [["diff", "--kubernetes", "a", "b"], "name only what would be applied"],
  [["explain", "--kubernetes", "http://a", "http://b"], "one question too many"],
  [["serve", "--kubernetes", "x.yaml"], "name no paths"],
])("%j is a wrong call", async (args, words) => {
  const { code, err } = await sluice(...args);
  expect(err).toContain(words);
  expect(code).toBe(EXIT.usage);
});

test("an object of the cluster that is wrong keeps no answer back", async () => {
  cluster.apply("VirtualService", { name: "wrong", fields: rule("soon") });
  expect((await sluice("check", ...AT())).code).toBe(EXIT.rules);
  expect((await sluice("explain", ...AT(), "http://reviews/")).out).toContain("10.9.8.7:9080");
  const different = await sluice("diff", ...AT(), changed("2s"), "--exit-code");
  expect(different.code).toBe(EXIT.rules);
  expect(different.err).toContain("kubernetes://default/VirtualService/wrong is wrong and is left out");
  expect(different.out).toContain("+ timeout: 2 s");
});

test("a file that is wrong is not compared", async () => {
  const { code, err, out } = await sluice("diff", ...AT(), changed("soon"));
  expect(code).toBe(EXIT.rules);
  expect(err).toContain(path.join(folder, "rule.yaml"));
  expect(err).toContain("soon");
  expect(out).toBe("");
});
