/** The client and its watches against the real API server: every way in, and rights and kinds that come and go while it is watched. */

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { KubernetesClient } from "../../compiler/kubernetes/client/kubernetes-client.ts";
import {
  pathOf,
  RESOURCE_TYPES,
  type ResourceType,
} from "../../compiler/kubernetes/client/resource-types.ts";
import { Reflector } from "../../compiler/kubernetes/watch/reflector.ts";
import { createAccount, setRules } from "./harness/account.ts";
import type { Credentials } from "./harness/api-client.ts";
import { kubeconfig } from "./harness/kubeconfig.ts";
import { admin, createNamespace, programs } from "./harness/shared-server.ts";

/** The pauses between questions for what is missing grow. */
const ASKED_AGAIN = { timeout: 80_000 };

const api = admin();
const open: { close(): Promise<void> }[] = [];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-watch-"));
});
afterEach(async () => {
  for (const one of open.splice(0).reverse()) {
    await one.close();
  }
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  api.close();
});

async function clientOf(
  credentials: Credentials,
  change = (text: string): string => text,
): Promise<KubernetesClient> {
  const file = path.join(folder, "config");
  await writeFile(file, change(kubeconfig(credentials)));
  const client = KubernetesClient.fromKubeconfig({ file, env: {} });
  open.push(client);
  return client;
}

/** What a reflector says, and a way to wait for it. */
function follow(client: KubernetesClient, type: ResourceType, namespace: string) {
  const problems: string[] = [];
  const changes: string[] = [];
  const reflector = new Reflector({
    client,
    type,
    namespace,
    onChange: (keys) => changes.push(...keys),
    onProblem: (line) => problems.push(line),
  });
  open.push(reflector);
  return { reflector, problems, changes };
}

test("a file is read as kubectl reads it: a token, a certificate, a program", async () => {
  const namespace = await createNamespace(api, "ways");
  const rules = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] }];
  const byToken = await createAccount(api, namespace, "reader", rules);
  const program = path.join(folder, "login.mjs");
  await writeFile(
    program,
    `const { apiVersion, spec } = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
     if (!spec.cluster.server.startsWith("https://")) process.exit(1);
     console.log(JSON.stringify({ apiVersion, kind: "ExecCredential", status: { token: process.env.GIVEN } }));`,
  );
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: process.execPath,
    args: [program],
    env: [{ name: "GIVEN", value: byToken.token }],
    interactiveMode: "Never",
    provideClusterInfo: true,
  };
  const withProgram = (text: string): string => {
    const config = JSON.parse(text);
    config.users[0].user = { exec };
    return JSON.stringify(config);
  };
  for (const change of [(text: string) => text, withProgram]) {
    const client = await clientOf(byToken, change);
    expect(await client.request({ path: `/api/v1/namespaces/${namespace}/configmaps` })).toMatchObject({
      items: [],
    });
    const { stdout } = await promisify(execFile)(programs().kubectl, [
      `--kubeconfig=${path.join(folder, "config")}`,
      `--namespace=${namespace}`,
      "get",
      "configmaps",
      "--output=name",
    ]);
    expect(stdout).toBe("");
  }
});

test("what is applied is seen, and what is not of the namespace is not", async () => {
  const namespace = await createNamespace(api, "seen");
  const other = await createNamespace(api, "other");
  const { reflector, changes } = follow(await clientOf(api.credentials), RESOURCE_TYPES.ConfigMap, namespace);
  await reflector.start();
  const make = (where: string, name: string) =>
    api.create(`/api/v1/namespaces/${where}/configmaps`, { metadata: { name }, data: { a: "b" } });
  await make(other, "hidden");
  await make(namespace, "shown");
  await expect
    .poll(() => reflector.get(`${namespace}/shown`))
    .toMatchObject({ kind: "ConfigMap", data: { a: "b" } });
  expect(reflector.get(`${namespace}/shown`)?.metadata).not.toHaveProperty("managedFields");
  await api.ask("DELETE", `/api/v1/namespaces/${namespace}/configmaps/shown`);
  await expect.poll(() => [...reflector.all()]).toEqual([]);
  expect(changes).toEqual([`${namespace}/shown`, `${namespace}/shown`]);
});

test("a right that is missing is said once with the rule to add, and its objects come when it is there", async () => {
  const namespace = await createNamespace(api, "rights");
  const account = await createAccount(api, namespace, "reader", []);
  await api.create(`/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name: "one" } });
  const { reflector, problems } = follow(await clientOf(account), RESOURCE_TYPES.ConfigMap, namespace);
  await reflector.start();
  expect(reflector.knowledge).toBe("forbidden");
  await setRules(api, namespace, "reader", [
    { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] },
  ]);
  await expect.poll(() => reflector.get(`${namespace}/one`), ASKED_AGAIN).toBeDefined();
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(
    '  - apiGroups: [""]\n    resources: ["configmaps"]\n    verbs: ["get", "list", "watch"]',
  );
  expect(reflector.problem).toBeUndefined();
});

test("a kind without a definition is said once, and its objects come when it is installed", async () => {
  const namespace = await createNamespace(api, "kinds");
  const group = `${namespace}.example`;
  const type: ResourceType = { group, version: "v1", plural: "things", kind: "Thing", namespaced: true };
  const { reflector, problems } = follow(await clientOf(api.credentials), type, namespace);
  await reflector.start();
  expect(reflector.knowledge).toBe("missing");
  await api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    metadata: { name: `things.${group}` },
    spec: {
      group,
      scope: "Namespaced",
      names: { plural: "things", kind: "Thing" },
      versions: [
        { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } },
      ],
    },
  });
  const thing = { apiVersion: `${group}/v1`, kind: "Thing", metadata: { name: "one" } };
  await expect.poll(async () => (await api.ask("POST", pathOf(type, { namespace }), thing)).status).toBe(201);
  await expect.poll(() => reflector.get(`${namespace}/one`), ASKED_AGAIN).toBeDefined();
  // A server that is busy may say so in between.
  expect(problems.filter((line) => line.includes(`has no things.${group}`))).toHaveLength(1);
});
