/** Rules that no Envoy could be given as they are can be asked about: what is missing decides no request. */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { Authority, secretYaml, tlsSecret } from "../test/harness/authority.ts";
import { check, compile, createWorkspace, diff, explain, type Findings, rulesOf, texts } from "./index.ts";
import { test as ask } from "./one-shot.ts";

const document = (apiVersion: string, kind: string, name: string, spec: string, namespace = "team") =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n`;
const gateway = (tls: string, protocol = "HTTPS", selector = "{ istio: ingressgateway }") =>
  document(
    "networking.istio.io/v1",
    "Gateway",
    "door",
    `{ selector: ${selector}, servers: [{ port: { number: 443, name: secure, protocol: ${protocol} }, hosts: [books.example], tls: ${tls} }] }`,
  );
const RULES = document(
  "networking.istio.io/v1",
  "VirtualService",
  "books",
  "{ hosts: [books.example], gateways: [door], http: [{ match: [{ port: 443 }], directResponse: { status: 203 } }] }",
);
const NAMED = "{ mode: SIMPLE, credentialName: books-cert }";

const source = (...documents: readonly string[]) => texts({ "rules.yaml": documents.join("\n---\n") });
const said = ({ diagnostics }: Findings) => diagnostics.map(({ code, level }) => `${code} ${level}`);
const asked = (...documents: readonly string[]) =>
  explain({ source: source(...documents), request: "GET https://books.example/" });
const built = async (...documents: readonly string[]) => {
  const { findings, compilation } = await compile({ source: source(...documents) });
  return compilation === undefined ? said(findings) : "a compilation";
};
const checked = async (...documents: readonly string[]) =>
  said(await check({ source: source(...documents) })).filter((one) => !one.endsWith("info"));

test.each([
  ["a Secret that is not in the input", gateway(NAMED), "SL0440 error", []],
  ["two of them", gateway("{ mode: SIMPLE, credentialNames: [a, b] }"), "SL0440 error", []],
  ["one that also says whom to trust", gateway("{ mode: MUTUAL, credentialName: c }"), "SL0440 error", []],
  ["the identities of a mesh", gateway("{ mode: ISTIO_MUTUAL }"), "SL0302 error", ["SL0302 warning"]],
])("%s: answers, and no build", async (_what, edge, refusal, warnings) => {
  const { explanation } = await asked(edge, RULES);
  expect(explanation?.decision).toMatchObject({ outcome: "answer", status: 203 });
  expect(explanation?.listener.name).toBe("gateway_443_secure_door_team");
  expect(await checked(edge, RULES)).toEqual(warnings);
  expect(await built(edge, RULES)).toContain(refusal);
  const changed = RULES.replace("203", "204");
  const { report } = await diff({ before: source(edge, RULES), after: source(edge, changed) });
  expect(report?.differences).toHaveLength(1);
  const cases = "name: it\nchecks: [{ ask: GET https://books.example/, expect: { status: 203 } }]\n";
  const result = await ask({ source: source(edge, RULES), cases: texts({ "cases.yaml": cases }) });
  expect(result.ok).toBe(true);
});

test("the identities of a mesh in a policy decide no request either", async () => {
  const policy = document(
    "networking.istio.io/v1",
    "DestinationRule",
    "books",
    "{ host: books.example, trafficPolicy: { tls: { mode: ISTIO_MUTUAL } } }",
  );
  const entry = document(
    "networking.istio.io/v1",
    "ServiceEntry",
    "books",
    "{ hosts: [books.example], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: STATIC, endpoints: [{ address: 192.0.2.3 }] }",
  );
  const { explanation } = await explain({
    source: source(entry, policy),
    request: "GET http://books.example/",
  });
  expect(explanation?.decision.cluster).toBe("outbound|80||books.example");
  expect(await checked(entry, policy)).toContain("SL0302 warning");
  expect(await built(entry, policy)).toEqual(["SL0302 error"]);
});

test("a Secret is missed only beside others, and what makes one counts as it", async () => {
  const { certificate, key } = await (await Authority.create("a")).issue({ names: ["books.example"] });
  const other = tlsSecret("papers-cert", { certificate, key }).replace('"default"', '"istio-system"');
  expect(await checked(gateway(NAMED), RULES)).toEqual([]);
  expect(await checked(gateway(NAMED), RULES, other)).toEqual(["SL0425 warning"]);
  const made = (apiVersion: string, kind: string, name: string, spec: string) =>
    document(apiVersion, kind, name, spec, "istio-system");
  for (const one of [
    made("cert-manager.io/v1", "Certificate", "x", "{ secretName: books-cert }"),
    made("external-secrets.io/v1", "ExternalSecret", "books-cert", "{}"),
    made("external-secrets.io/v1", "ExternalSecret", "x", "{ target: { name: books-cert } }"),
    made("bitnami.com/v1alpha1", "SealedSecret", "books-cert", "{ encryptedData: {} }"),
  ]) {
    expect(await checked(gateway(NAMED), RULES, other, one)).toEqual([]);
  }
  // Somebody keeps certificates here, and another one than this.
  const certificateOf = made("cert-manager.io/v1", "Certificate", "x", "{ secretName: papers-cert }");
  expect(await checked(gateway(NAMED), RULES, certificateOf)).toEqual(["SL0425 warning"]);
  // Nobody knows where the Pods of this one are.
  const elsewhere = gateway(NAMED, "HTTPS", "{ app: door }");
  expect(await checked(elsewhere, RULES, certificateOf)).toContain("SL0425 warning");
});

test("a folder of Secrets is asked, too", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "sluice-secrets-"));
  const withFolder = async () =>
    said(await check({ source: source(gateway(NAMED), RULES), proxy: { secretsDirectory: folder } })).filter(
      (one) => one.startsWith("SL0425"),
    );
  expect(await withFolder()).toEqual(["SL0425 warning"]);
  mkdirSync(path.join(folder, "books-cert"));
  expect(await withFolder()).toEqual([]);
  rmSync(folder, { recursive: true });
});

test("a placeholder in a Secret is a warning, and an error for an Envoy", async () => {
  const placeholder = secretYaml("books-cert", { "tls.crt": "TODO", "tls.key": "TODO" }).replace(
    '"default"',
    '"team"',
  );
  expect((await asked(gateway(NAMED), RULES, placeholder)).explanation?.decision.status).toBe(203);
  expect(await checked(gateway(NAMED), RULES, placeholder)).toContain("SL0441 warning");
  expect(await built(gateway(NAMED), RULES, placeholder)).toContain("SL0441 error");
});

test("a file that is not on this machine hinders nothing but an Envoy here", async () => {
  const files =
    "{ mode: MUTUAL, serverCertificate: /nowhere/a.crt, privateKey: /nowhere/a.key, caCertificates: /nowhere/ca.crt }";
  expect(await checked(gateway(files), RULES)).toEqual([]);
  expect(await built(gateway(files), RULES)).toBe("a compilation");
  const workspace = createWorkspace({ source: source(gateway(files), RULES) });
  const { findings, compilation } = await rulesOf(workspace).compile();
  expect(compilation).toBeUndefined();
  expect(said(findings)).toEqual(["SL0445 error", "SL0445 error", "SL0445 error"]);
});

test("one error, and not a word of what follows from it", async () => {
  const many = ["/a", "/b", "/c"].map((path, i) =>
    RULES.replace("name: books", `name: books-${i}`).replace("port: 443", `uri: { exact: ${path} }`),
  );
  expect(await checked(gateway(NAMED), ...many)).toEqual([]);
  expect(await built(gateway(NAMED), ...many)).toEqual(["SL0440 error"]);
  expect(await checked(gateway("{ mode: ISTIO_MUTUAL }"), ...many)).toEqual(["SL0302 warning"]);
});

const DATABASE = document(
  "networking.istio.io/v1",
  "ServiceEntry",
  "db",
  "{ hosts: [db.example], addresses: [10.1.1.1], ports: [{ number: 5432, name: tcp-db, protocol: TCP }], resolution: STATIC, endpoints: [{ address: 192.0.2.7, labels: { v: one } }] }",
);
const tcp = (host: string) =>
  document(
    "networking.istio.io/v1",
    "VirtualService",
    "db",
    `{ hosts: [db.example], tcp: [{ route: [{ destination: { host: ${host} } }] }] }`,
  );
const PLAIN_DOOR = document(
  "networking.istio.io/v1",
  "Gateway",
  "door",
  '{ selector: { istio: ingressgateway }, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }] }',
);
const WEB = document(
  "networking.istio.io/v1",
  "ServiceEntry",
  "web",
  "{ hosts: [web.example], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: STATIC, endpoints: [{ address: 192.0.2.8 }] }",
);

test("a tcp rule of the mesh beside a Gateway and a service on one port", async () => {
  const rules = [DATABASE, WEB, PLAIN_DOOR, tcp("db.example")];
  expect(await checked(...rules)).toEqual([]);
  expect(await built(...rules)).toEqual(["SL0303 error"]);
  const other = source(DATABASE, WEB, PLAIN_DOOR, tcp("web.example"));
  const { report } = await diff({ before: source(...rules), after: other });
  expect(report?.connections).toMatchObject([
    { port: 5432, before: "to db.example:5432", after: expect.stringContaining("web.example") },
  ]);
  // With a listener for each port, none of which is bound here.
  const proxy = { meshListeners: true };
  const findings = await check({ source: source(...rules), proxy });
  expect(findings.hasErrors).toBe(false);
  expect(said(findings)).toContain("SL0410 info");
  const refused = await compile({ source: source(...rules), proxy });
  expect(said(refused.findings)).toContain("SL0410 error");
  const moved = { ...proxy, portMap: new Map([["gateway:80" as const, 8080]]) };
  expect((await compile({ source: source(...rules), proxy: moved })).compilation).toBeDefined();
});
