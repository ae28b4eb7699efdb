/** In a pod, the command line asks as the pod's account. */

import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { launch, outcomeOf } from "../harness/sluice.ts";
import { createAccount, READ_RULES } from "./harness/account.ts";
import { admin, createNamespace } from "./harness/shared-server.ts";

/** Where a kubelet lays it out. Nothing else on this machine looks there without being told that it runs in a pod. */
const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
const IS_POD = existsSync(ACCOUNT);

const api = admin();
afterAll(async () => {
  api.close();
  if (!IS_POD) {
    await rm(path.dirname(ACCOUNT), { recursive: true, force: true });
  }
});

test.skipIf(IS_POD)("the account's token, authorities and namespace are those of its files", async () => {
  const namespace = await createNamespace(api, "pod");
  const { authority, token, server } = await createAccount(api, namespace, "sluice", READ_RULES);
  await mkdir(ACCOUNT, { recursive: true });
  for (const [name, text] of Object.entries({ token: `${token}\n`, "ca.crt": authority, namespace })) {
    // As a kubelet does: nobody ever reads half of it.
    await writeFile(path.join(ACCOUNT, `.${name}`), text);
    await rename(path.join(ACCOUNT, `.${name}`), path.join(ACCOUNT, name));
  }
  const { hostname, port } = new URL(server);
  const { KUBECONFIG: _, ...env } = process.env;
  const inPod = { ...env, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  const ask = () => outcomeOf(launch(["check", "--kubernetes", "--namespaces", namespace], "/", inPod));
  expect(await ask()).toMatchObject({ code: 0, err: "" });
  await writeFile(path.join(ACCOUNT, "token"), "of-nobody");
  const refused = await ask();
  expect(refused.code).toBe(3);
  expect(refused.err).toContain("does not accept the credentials (the pod's service account)");
});
