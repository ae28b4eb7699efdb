/** `sluice export --to kubernetes --fleet --kubernetes-source`, as a kustomization and as a Helm chart. */

import { writeFile } from "node:fs/promises";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { ClusterRole } from "kubernetes-models/rbac.authorization.k8s.io/v1/ClusterRole";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { makeProgram } from "../../compiler/cli/commands.ts";
import { runCommand } from "../../compiler/run/envoy/command.ts";
import { Authority } from "../harness/authority.ts";
import { ExportFolder, edgeRules } from "./folder.ts";

const RULES = edgeRules(9000, "  - route: [{ destination: { host: api.example } }]\n").replace(
  "protocol: HTTP }, hosts",
  "protocol: HTTP }, tls: { httpsRedirect: false }, hosts",
);
const SOURCE = [
  "--to",
  "kubernetes",
  "--fleet",
  "--kubernetes-source",
  "--server-image",
  "registry.example/sluice:1",
  "--name",
  "edge",
  "--proxy-namespace",
  "shop",
];

// biome-ignore lint/suspicious/noExplicitAny: documents of many kinds
type Manifest = any;

let folder: ExportFolder;
beforeEach(async () => {
  folder = await ExportFolder.create();
});
afterEach(() => folder.remove());

test("two servers, which decide by a Lease, keep nothing on a volume, and have an account", async () => {
  expect(await folder.export(RULES, SOURCE)).toMatchObject({ code: 0, err: "" });
  const deployment = await folder.yaml("server-deployment.yaml");
  expect(() => new Deployment(deployment).validate()).not.toThrow();
  const { replicas, template } = deployment.spec;
  const [server] = template.spec.containers;
  expect(replicas).toBe(2);
  expect(template.spec.automountServiceAccountToken).toBe(true);
  expect(server.args.join(" ")).toContain("serve --kubernetes --listen");
  expect(server.args.join(" ")).toContain("--lease $(POD_NAMESPACE)/edge-server --advertise $(POD_IP):15010");
  const known = makeProgram()
    .commands.find((one) => one.name() === "serve")!
    .options.map(({ long }) => long);
  const flags = server.args.filter((word: string) => word.startsWith("--"));
  expect(flags.filter((flag: string) => !known.includes(flag))).toEqual([]);
  expect(template.spec.volumes.filter((volume: Manifest) => volume.persistentVolumeClaim)).toEqual([]);
  // Rules are read from the cluster, and are no part of the export.
  const all = [...(await folder.files()).keys()];
  expect(all.filter((file) => file.startsWith("rules/") || file === "server-state.yaml")).toEqual([]);
  const policy = await folder.yaml("server-network-policy.yaml");
  expect(() => new NetworkPolicy(policy).validate()).not.toThrow();
});

test("the account may read what is read, and of Secrets only those that rules name", async () => {
  const secrets = RULES.replace(
    "httpsRedirect: false",
    "httpsRedirect: false, mode: SIMPLE, credentialName: shop-cert",
  )
    .replace("number: 80, name: http, protocol: HTTP", "number: 443, name: https, protocol: HTTPS")
    .concat(`---
apiVersion: v1
kind: Secret
metadata: { name: shop-cert, namespace: shop }
type: kubernetes.io/tls
data: ${JSON.stringify(await certificateData())}
`);
  expect(await folder.export(secrets, SOURCE)).toMatchObject({ code: 0 });
  const role = await folder.yaml("server-cluster-role.yaml");
  expect(() => new ClusterRole(role).validate()).not.toThrow();
  const verbs = (resource: string) =>
    role.rules
      .filter(({ resources }: Manifest) => resources.includes(resource))
      .flatMap((rule: Manifest) => rule.verbs);
  expect(verbs("virtualservices")).toEqual(["get", "list", "watch"]);
  expect(verbs("virtualservices/status")).toEqual(["patch"]);
  for (const kind of ["workloadgroups", "proxyconfigs", "requestauthentications"]) {
    expect([verbs(kind), verbs(`${kind}/status`)]).toEqual([["get", "list", "watch"], ["patch"]]);
  }
  expect(verbs("endpointslices")).toEqual(["list", "watch"]);
  expect(verbs("secrets")).toEqual([]);
  expect(JSON.stringify(role)).not.toContain("*");
  const own = await folder.yaml("server-secrets-role-own.yaml");
  expect(own.metadata.namespace).toBe("shop");
  expect(own.rules).toEqual([
    {
      apiGroups: [""],
      resources: ["secrets"],
      resourceNames: ["shop-cert"],
      verbs: ["get", "list", "watch"],
    },
  ]);
});

async function certificateData(): Promise<Record<string, string>> {
  const authority = await Authority.create("shop");
  const { certificate, key } = await authority.issue({ names: ["api.example"] });
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return { "tls.crt": base64(certificate), "tls.key": base64(key) };
}

test("with namespaces, rules are read and reviewed in these alone", async () => {
  expect(await folder.export(RULES, [...SOURCE, "--namespaces", "shop,team"])).toMatchObject({ code: 0 });
  const cluster = await folder.yaml("server-cluster-role.yaml");
  expect(cluster.rules.flatMap(({ resources }: Manifest) => resources)).toEqual(["nodes", "configmaps"]);
  for (const namespace of ["shop", "team"]) {
    const role = await folder.yaml(`server-role-${namespace}.yaml`);
    expect(role).toMatchObject({ kind: "Role", metadata: { namespace } });
    const binding = await folder.yaml(`server-role-${namespace}-binding.yaml`);
    expect(binding.subjects).toEqual([{ kind: "ServiceAccount", name: "edge-server", namespace: "shop" }]);
  }
  const { webhooks } = await folder.yaml("server-admission.yaml");
  expect(webhooks[0].namespaceSelector.matchExpressions).toContainEqual({
    key: "kubernetes.io/metadata.name",
    operator: "In",
    values: ["shop", "team"],
  });
});

test("a webhook fails open unless told; that for Services always does", async () => {
  const policies = async () =>
    (await folder.yaml("server-admission.yaml")).webhooks.map(({ failurePolicy }: Manifest) => failurePolicy);
  expect(await folder.export(RULES, SOURCE)).toMatchObject({ code: 0 });
  expect(await policies()).toEqual(["Ignore", "Ignore"]);
  expect((await folder.yaml("server-admission.yaml")).metadata.annotations).toEqual({
    "cert-manager.io/inject-ca-from": "shop/edge-server",
  });
  const { certificate } = await Authority.create("ca");
  await writeFile(path.join(folder.directory, "ca.crt"), certificate);
  expect(
    await folder.export(RULES, [...SOURCE, "--failure-policy", "Fail", "--webhook-ca", "ca.crt"]),
  ).toMatchObject({ code: 0 });
  expect(await policies()).toEqual(["Fail", "Ignore"]);
  const { metadata, webhooks } = await folder.yaml("server-admission.yaml");
  expect(metadata.annotations).toBeUndefined();
  expect(Buffer.from(webhooks[0].clientConfig.caBundle, "base64").toString()).toBe(certificate);
});

test("a chart renders what the kustomization is", async () => {
  expect(await folder.export(RULES, SOURCE)).toMatchObject({ code: 0 });
  const { resources, configMapGenerator } = await folder.yaml("kustomization.yaml");
  const wanted = new Map<string, Manifest>();
  for (const file of resources) {
    wanted.set(file, await folder.yaml(file));
  }
  for (const { name, namespace, files } of configMapGenerator) {
    const data: Record<string, unknown> = {};
    for (const file of files as string[]) {
      const [key, source] = file.split("=", 2) as [string, string];
      data[key] = parse((await folder.files()).get(source)!.toString());
    }
    wanted.set(`${name}.yaml`, { apiVersion: "v1", kind: "ConfigMap", metadata: { namespace, name }, data });
  }
  expect(await folder.export(RULES, [...SOURCE, "--format", "helm"])).toMatchObject({ code: 0 });
  const chart = await folder.yaml("Chart.yaml");
  expect(chart).toMatchObject({ apiVersion: "v2", name: "edge", type: "application" });
  const rendered = await render();
  expect([...rendered.keys()].sort()).toEqual([...wanted.keys()].sort());
  for (const [file, resource] of wanted) {
    const own = rendered.get(file);
    // What Kustomize does by the name of a ConfigMap, an annotation does here.
    if (file === "deployment.yaml") {
      expect(own.spec.template.metadata.annotations).toEqual({
        ...resource.spec.template.metadata.annotations,
        "checksum/files": expect.stringMatching(/^[0-9a-f]{16}$/),
      });
      delete own.spec.template.metadata.annotations["checksum/files"];
    }
    if (own.kind === "ConfigMap") {
      // A text with a namespace that is only known when it is rendered has quotes around it.
      own.data = Object.fromEntries(
        Object.entries<string>(own.data).map(([key, text]) => [key, parse(text)]),
      );
    }
    expect(own, file).toEqual(resource);
  }
});

test("Helm itself renders the chart as this test does", async (context) => {
  const helm = process.env.SLUICE_HELM ?? "helm";
  const version = await runCommand(helm, ["version", "--short"]).catch(() => undefined);
  if (version?.code !== 0) {
    context.skip("there is no helm; name one with SLUICE_HELM");
  }
  expect(await folder.export(RULES, [...SOURCE, "--format", "helm"])).toMatchObject({ code: 0 });
  const { code, stdout, stderr } = await runCommand(helm, [
    "template",
    "edge",
    folder.at("."),
    "--namespace",
    "shop",
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const byHelm = stdout
    .split(/^---\n/m)
    .map((text) => parse(text))
    .filter((resource) => resource !== null);
  const ours = [...(await render()).values()];
  expect(byHelm).toHaveLength(ours.length);
  for (const resource of ours) {
    expect(byHelm.some((other) => isDeepStrictEqual(other, resource))).toBe(true);
  }
});

/** Templates with the defaults of their values; those that are off by default left out. */
async function render(): Promise<Map<string, Manifest>> {
  const values = await folder.yaml("values.yaml");
  const rendered = new Map<string, Manifest>();
  for (const [file, contents] of await folder.files()) {
    const text = contents.toString();
    if (!file.startsWith("templates/") || text.startsWith("{{- if ")) {
      continue;
    }
    const filled = text
      .replaceAll("{{ .Release.Namespace }}", "shop")
      .replaceAll(/\{\{ \.Values\.([\w.]+) \| toJson \}\}/g, (_, name: string) =>
        JSON.stringify(name.split(".").reduce((at, step) => at[step], values)),
      )
      .replaceAll('{{ "{{" }}', "{{");
    rendered.set(file.slice("templates/".length), parse(filled));
  }
  return rendered;
}

test("what not every cluster can take is asked for", async () => {
  expect(await folder.export(RULES, SOURCE)).toMatchObject({ code: 0 });
  const { resources } = await folder.yaml("kustomization.yaml");
  expect(resources.join(" ")).not.toMatch(/monitor|certificate/);
  const monitor = await folder.yaml("service-monitor/service-monitor.yaml");
  expect(monitor).toMatchObject({ kind: "ServiceMonitor", metadata: { namespace: "shop" } });
  const { dnsNames, secretName } = (await folder.yaml("cert-manager/certificate-server.yaml")).spec;
  expect({ dnsNames, secretName }).toEqual({
    dnsNames: ["edge-server", "edge-server.shop.svc"],
    secretName: "edge-server-tls",
  });
});

test.each<[string, string[], RegExp]>([
  ["no fleet", ["--to", "kubernetes", "--kubernetes-source"], /--kubernetes-source is for --fleet/],
  ["rules in an image", [...SOURCE, "--rules-in", "image"], /exclude each other/],
  ["no namespace", [...SOURCE, "--namespaces", "shop,Team"], /"Team" is not a valid namespace/],
  ["no authority", [...SOURCE, "--webhook-ca", "rules.yaml"], /there is no certificate/],
  [
    "files as a source",
    ["--to", "kubernetes", "--failure-policy", "Fail"],
    /--failure-policy is for --kubernetes-source/,
  ],
  ["Helm elsewhere", ["--to", "oci", "--format", "helm"], /--format helm is for --to kubernetes/],
])("%s: one line, and nothing is written", async (_, args, words) => {
  const { code, err } = await folder.export(RULES, args);
  expect(code).toBe(2);
  expect(err).toMatch(words);
});
