/** What the other tests take for granted of the API server that they are given. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { bindUser, createAccount, READ_RULES, roleOf, setRules } from "./harness/account.ts";
import { ApiClient } from "./harness/api-client.ts";
import { ApiServer } from "./harness/api-server.ts";
import { createNamespace, programs } from "./harness/shared-server.ts";

const ISTIO = "/apis/networking.istio.io/v1";
const RULE = {
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "reviews" },
  spec: { hosts: ["reviews"], http: [{ route: [{ destination: { host: "reviews" } }] }] },
};

let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.start(programs());
});
afterAll(() => server?.stop());

test("objects outlive a restart, at the same address", async () => {
  const namespace = await createNamespace(server.admin, "restart");
  const path = `${ISTIO}/namespaces/${namespace}/virtualservices`;
  const { metadata } = await server.admin.create<typeof RULE & { metadata: { uid: string } }>(path, RULE);
  await server.down();
  await expect(server.admin.ask("GET", "/readyz")).rejects.toThrow();
  await server.up();
  expect(await server.admin.get(`${path}/reviews`)).toMatchObject({ metadata: { uid: metadata.uid } });
});

test("an account may do what its role says, by a token or a certificate", async () => {
  const namespace = await createNamespace(server.admin, "accounts");
  const path = `${ISTIO}/namespaces/${namespace}/virtualservices`;
  const reader = new ApiClient(await createAccount(server.admin, namespace, "reader", READ_RULES));
  const user = new ApiClient(await server.certificateOf("alice"));
  expect(await reader.ask("GET", path)).toMatchObject({ status: 200 });
  expect(await reader.ask("POST", path, RULE)).toMatchObject({ status: 403 });
  expect(await user.ask("GET", path)).toMatchObject({ status: 403, body: { reason: "Forbidden" } });
  await bindUser(server.admin, roleOf(namespace, "reader"), "alice");
  await expect.poll(async () => (await user.ask("GET", path)).status).toBe(200);
  await setRules(server.admin, namespace, "reader", []);
  await expect.poll(async () => (await reader.ask("GET", path)).status).toBe(403);
  const wrong = new ApiClient({ ...reader.credentials, token: "of nobody" });
  expect(await wrong.ask("GET", path)).toMatchObject({ status: 401 });
  for (const client of [reader, user, wrong]) {
    client.close();
  }
});

test("rules are validated by the schemas that Istio publishes", async () => {
  const namespace = await createNamespace(server.admin, "schemas");
  const path = `${ISTIO}/namespaces/${namespace}/virtualservices`;
  const wrong = { ...RULE, spec: { hosts: "reviews" } };
  expect(await server.admin.ask("POST", path, wrong)).toMatchObject({
    status: 422,
    body: { reason: "Invalid" },
  });
});
