/** What somebody reads who applies an object with kubectl, while `sluice serve --webhook` is asked by a real API server. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  type AdmissionWebhook,
  createWorkspace,
  fleetRules,
  KubernetesClient,
  type KubernetesSource,
  kubernetes,
  startAdmissionWebhook,
  type Workspace,
} from "../../compiler/index.ts";
import { Authority } from "../harness/authority.ts";
import type { ApiClient } from "./harness/api-client.ts";
import { kubeconfig } from "./harness/kubeconfig.ts";
import { Kubectl } from "./harness/kubectl.ts";
import { admin, createNamespace, programs } from "./harness/shared-server.ts";

const HOST = "127.93.21.1";
const CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
const problems: string[] = [];

let api: ApiClient;
let namespace: string;
let folder: string;
let kubectl: Kubectl;
let client: KubernetesClient;
let source: KubernetesSource;
let workspace: Workspace;
let webhook: AdmissionWebhook;

beforeAll(async () => {
  api = admin();
  namespace = await createNamespace(api, "webhook");
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-webhook-"));
  kubectl = await Kubectl.create(programs().kubectl, api.credentials, namespace);
  const file = (name: string) => path.join(folder, name);
  await writeFile(file("config"), kubeconfig(api.credentials, namespace), { mode: 0o600 });
  const authority = await Authority.create("webhook");
  const { certificate, key } = await authority.issue({ names: ["webhook"], addresses: [HOST] });
  await writeFile(file("tls.crt"), certificate);
  await writeFile(file("tls.key"), key, { mode: 0o600 });
  client = KubernetesClient.fromKubeconfig({ file: file("config") });
  source = kubernetes({ client, namespaces: [namespace], onProblem: (line) => problems.push(line) });
  workspace = createWorkspace({ source, proxies: { fleet: { proxyNamespace: namespace } } });
  const rules = fleetRules(workspace);
  await rules.read();
  webhook = await startAdmissionWebhook({
    listen: `${HOST}:0`,
    certificate: file("tls.crt"),
    key: file("tls.key"),
    rules,
    onProblem: (line) => problems.push(line),
  });
  await api.create(CONFIGURATIONS, {
    metadata: { name: namespace },
    webhooks: [
      {
        name: "rules.sluice.dev",
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
        failurePolicy: "Fail",
        timeoutSeconds: 10,
        clientConfig: {
          url: `https://${HOST}:${webhook.port}/validate`,
          caBundle: Buffer.from(authority.certificate).toString("base64"),
        },
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
        rules: [
          {
            apiGroups: ["networking.istio.io", "security.istio.io", ""],
            apiVersions: ["*"],
            operations: ["CREATE", "UPDATE", "DELETE"],
            resources: ["*"],
          },
        ],
      },
    ],
  });
  await untilAsked();
});
afterAll(async () => {
  await api?.ask("DELETE", `${CONFIGURATIONS}/${namespace}`);
  await webhook?.close();
  await workspace?.dispose();
  await source?.close();
  await client?.close();
  await kubectl?.remove();
  api?.close();
  await rm(folder, { recursive: true, force: true });
});

const apply = (yaml: string, ...flags: string[]) => kubectl.run(["apply", "-f", "-", ...flags], yaml);

const virtualService = (name: string, rule: string, destination = "{ host: reviews, subset: v1 }") => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name} }
spec:
  hosts: [reviews]
  http:
  - route: [{ destination: ${destination} }]
    ${rule}
`;
/** By no schema: what the API server itself refuses never gets here. */
const WRONG = `match: [{ uri: { regex: "[" } }, { headers: { "x y": { exact: a } } }]`;
const POLICY = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews }
spec: { host: reviews, subsets: [{ name: v1, labels: { version: v1 } }] }
`;
const SERVICE = `
apiVersion: v1
kind: Service
metadata: { name: reviews }
spec: { selector: { app: reviews }, ports: [{ name: http, port: 80 }] }
`;
const object = (apiVersion: string, kind: string, spec: string) =>
  `\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: one }\nspec: ${spec}\n`;

/** An API server asks a new webhook, or a changed one, after a moment. */
async function untilAsked(): Promise<void> {
  await vi.waitFor(async () => {
    const { err } = await apply(virtualService("probe", WRONG), "--dry-run=server");
    expect(err).toContain("(SL0207)");
  }, 30_000);
}

/** The watch of a kind brings what was applied within milliseconds, but not before `kubectl` is back. */
async function untilKnown(kind: string, name: string, text: string): Promise<void> {
  const place = `kubernetes://${namespace}/${kind}/${name}`;
  await expect
    .poll(async () => {
      const { sources } = await fleetRules(workspace).read();
      return sources.find((file) => file.path === place)?.text;
    })
    .toContain(text);
}

test("a wrong object is refused in kubectl's words, with all that is wrong", async () => {
  const wrong = virtualService("wrong", WRONG);
  for (const flags of [[], ["--dry-run=server"], ["--server-side"]]) {
    const { code, out, err } = await apply(wrong, ...flags);
    expect(code, err).toBe(1);
    expect(out).toBe("");
    expect(err.split("\n").filter((line) => !line.startsWith("Warning: "))).toEqual([
      'The VirtualService "wrong" is invalid: ',
      expect.stringMatching(/^\* spec\.http\[0\]\.match\[0\]\.uri\.regex: .* \(SL0207\)\. See /),
      expect.stringMatching(/^\* spec\.http\[0\]\.match\[1\]\.headers\[x y\]: .* \(SL0220\)$/),
      "",
    ]);
  }
});

test("tokens, proxies and groups of machines are reviewed as routes are", async () => {
  // Of what Istio's own schemas are content with.
  const objects = [
    object("security.istio.io/v1", "RequestAuthentication", "{ jwtRules: [{ issuer: i, jwks: '{}' }] }"),
    object(
      "networking.istio.io/v1beta1",
      "ProxyConfig",
      "{ environmentVariables: { ISTIO_META_NETWORK: other } }",
    ),
    object("networking.istio.io/v1", "WorkloadGroup", "{ template: { labels: { '-': x } } }"),
  ];
  const { code, out, err } = await apply(objects.join("---"), "--dry-run=server");
  expect(code, err).toBe(1);
  expect(out).toBe("proxyconfig.networking.istio.io/one created (server dry run)\n");
  expect(err).toMatch(/^\* spec\.jwtRules\[0\]\.jwks: .* \(SL0973\)/m);
  expect(err).toMatch(/^Warning: spec: .*ISTIO_META_NETWORK.* \(SL0111\)/m);
  expect(err).toMatch(/^\* spec\.template\.labels\.-: .* \(SL0205\)/m);
});

test("what an object lacks of others is a warning, and so is what a change leaves dangling", async () => {
  const alone = await apply(virtualService("right", "timeout: 1s"));
  expect(alone).toMatchObject({ code: 0, out: "virtualservice.networking.istio.io/right created\n" });
  expect(codesIn(alone)).toEqual(["SL0401", "SL0403"]);
  await apply(SERVICE);
  await apply(POLICY);
  await untilKnown("Service", "reviews", "app: reviews");
  await untilKnown("DestinationRule", "reviews", "name: v1");
  expect(await apply(virtualService("right", "timeout: 2s"))).toMatchObject({ code: 0, err: "" });
  await untilKnown("VirtualService", "right", `timeout: "2s"`);
  const renamed = await apply(POLICY.replace("name: v1", "name: v2"), "--dry-run=server");
  expect(renamed.code).toBe(0);
  expect(renamed.err).toContain(
    `Warning: VirtualService ${namespace}/right, spec.http[0].route[0].destination.subset: `,
  );
  const remove = (kind: string, name: string, ...flags: string[]) =>
    kubectl.run(["delete", kind, name, "--wait=false", ...flags]);
  const policy = await remove("destinationrule", "reviews", "--dry-run=server");
  expect([policy.code, ...codesIn(policy)]).toEqual([0, "SL0403"]);
  const service = await remove("service", "reviews", "--dry-run=server");
  expect([service.code, ...codesIn(service)]).toEqual([0, "SL0406", "SL0401"]);
  expect(await remove("virtualservice", "right")).toMatchObject({ code: 0, err: "" });
});

test("whoever has a wrong object from before can label and delete it", async () => {
  const name = "from-before";
  const rule = { match: [{ uri: { regex: "[" } }], redirect: { uri: "/" } };
  // Where the webhook does not look yet.
  await setPolicy({ matchLabels: { nobody: "has" } });
  await expect.poll(async () => (await apply(virtualService(name, WRONG))).code).toBe(0);
  await setPolicy({ matchLabels: { "kubernetes.io/metadata.name": namespace } });
  await untilAsked();
  const labelled = await kubectl.run(["label", "virtualservice", name, "a=b"]);
  expect(labelled.code, labelled.err).toBe(0);
  expect(codesIn(labelled)).toContain("SL0207");
  const patch = JSON.stringify({ spec: { http: [rule] } });
  const patched = await kubectl.run(["patch", "virtualservice", name, "--type=merge", "-p", patch]);
  expect(patched.code).toBe(1);
  expect(await kubectl.run(["delete", "virtualservice", name])).toMatchObject({ code: 0, err: "" });
  expect(problems).toEqual([]);
});

function setPolicy(namespaceSelector: object): Promise<unknown> {
  const patch = [{ op: "replace", path: "/webhooks/0/namespaceSelector", value: namespaceSelector }];
  return api.ask("PATCH", `${CONFIGURATIONS}/${namespace}`, patch, "application/json-patch+json");
}

/** Of warnings. */
function codesIn({ err }: { readonly err: string }): string[] {
  return [...err.matchAll(/^Warning: .*\((SL\d{4})\)/gm)].map(([, code]) => code!);
}
