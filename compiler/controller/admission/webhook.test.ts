import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import os from "node:os";
import path from "node:path";
import tls from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Authority } from "../../../test/harness/authority.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../options.ts";
import { cluster, objectsIn } from "./meshes.fixture.ts";
import { type AdmissionWebhook, startAdmissionWebhook, type WebhookRules } from "./webhook.ts";

const HOST = "127.93.20.1";
const folder = mkdtempSync(path.join(os.tmpdir(), "sluice-webhook-"));
const files = { certificate: path.join(folder, "tls.crt"), key: path.join(folder, "tls.key") };
const problems: string[] = [];
const rules = { defaults: DEFAULT_PROXY_OPTIONS, read: async () => ({ resources: cluster([]) }) };
let authority: Authority;
let webhook: AdmissionWebhook;

beforeAll(async () => {
  authority = await Authority.create("tests");
  await writeCertificate("first");
  webhook = await start(rules);
});
afterAll(async () => {
  await webhook?.close();
  rmSync(folder, { recursive: true });
});

async function writeCertificate(name: string): Promise<void> {
  const { certificate, key } = await authority.issue({ names: [name], addresses: [HOST] });
  writeFileSync(files.key, key);
  writeFileSync(files.certificate, certificate);
}

function start(own: WebhookRules): Promise<AdmissionWebhook> {
  return startAdmissionWebhook({
    ...files,
    listen: `${HOST}:0`,
    rules: own,
    onProblem: (line) => problems.push(line),
  });
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly type?: string;
  readonly body?: string | Buffer;
  readonly port?: number;
}

async function ask({
  method = "POST",
  path: target = "/validate?timeout=5s",
  type = "application/json",
  ...own
}: Asked) {
  const request = https.request({
    host: HOST,
    port: own.port ?? webhook.port,
    ca: authority.certificate,
    agent: false,
    method,
    path: target,
    headers: { "content-type": type },
  });
  // A server that has heard enough may close before everything was sent.
  request.on("error", () => {});
  request.end(own.body);
  const [response] = await once(request, "response");
  let text = "";
  for await (const chunk of response) {
    text += chunk;
  }
  return { status: response.statusCode as number, text };
}

const [wrong] = objectsIn(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: default }
spec: { hosts: [reviews], http: [{ timeout: soon }] }
`);
const reviewOf = (more: object = {}) =>
  JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: "705ab4f5-6393-11e8-b7cc-42010a800002",
      kind: { group: "networking.istio.io", version: "v1", kind: "VirtualService" },
      operation: "CREATE",
      name: "reviews",
      namespace: "default",
      object: wrong,
      dryRun: true,
    },
    ...more,
  });

test("a review is answered by its uid, and counted", async () => {
  const { status, text } = await ask({ body: reviewOf() });
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: {
      uid: "705ab4f5-6393-11e8-b7cc-42010a800002",
      allowed: false,
      status: { code: 422, reason: "Invalid" },
    },
  });
  expect(webhook.metrics()).toContain('sluice_admission_reviews_total{verdict="refused"} 1\n');
  expect(webhook.metrics()).toContain("sluice_admission_seconds_count 1\n");
});

test.each<[string, Asked, number, RegExp]>([
  [
    "another version",
    { body: reviewOf({ apiVersion: "admission.k8s.io/v1beta1" }) },
    400,
    /admissionReviewVersions: \[v1\]/,
  ],
  ["another kind", { body: '{"apiVersion":"v1","kind":"Pod"}' }, 400, /"Pod" of "v1"/],
  ["a review without a request", { body: reviewOf({ request: {} }) }, 400, /`uid`/],
  ["null", { body: "null" }, 400, /nothing of nothing/],
  ["no JSON", { body: "{" }, 400, /not valid JSON/],
  ["no UTF-8", { body: Buffer.from([0xff, 0xfe, 0x00]) }, 400, /not valid JSON/],
  ["a body of another type", { body: "a: 1", type: "application/yaml" }, 415, /application\/json/],
  ["a body beyond all measure", { body: Buffer.alloc(9 << 20, 0x20) }, 413, /8388608 bytes/],
  ["GET", { method: "GET" }, 405, /POST/],
  ["another path", { path: "/" }, 404, /\/validate/],
])("%s gets a line and no verdict", async (_, asked, status, words) => {
  const answer = await ask(asked);
  expect(answer.status).toBe(status);
  expect(answer.text).toMatch(words);
  expect(answer.text.trim()).not.toContain("\n");
});

test("it is alive, for whoever asks", async () => {
  expect(await ask({ method: "GET", path: "/healthz" })).toEqual({ status: 200, text: "ok\n" });
});

test("rules that cannot be read are no verdict: the failurePolicy decides", async () => {
  const failing = await start({
    ...rules,
    read: async () => {
      throw new Error("no");
    },
  });
  try {
    expect(await ask({ port: failing.port, body: reviewOf() })).toMatchObject({ status: 500 });
    expect(problems.at(-1)).toContain("bug in Sluice");
    expect(failing.metrics()).toContain("sluice_admission_failures_total 1\n");
  } finally {
    await failing.close();
  }
});

test("a renewed certificate is served without a restart", async () => {
  await writeCertificate("second");
  await expect.poll(nameOfCertificate).toBe("second");
});

async function nameOfCertificate(): Promise<string> {
  const socket = tls.connect({ host: HOST, port: webhook.port, ca: authority.certificate });
  await once(socket, "secureConnect");
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

test.each(["0.0.0.0", "unix:/tmp/a", "example.com:1", "127.0.0.1:99999"])(
  "%s is not an address to listen at",
  async (listen) => {
    await expect(startAdmissionWebhook({ ...files, listen, rules, onProblem: () => {} })).rejects.toThrow(
      `"${listen}" is not valid`,
    );
  },
);
