import { generateKeyPairSync, type KeyPairKeyObjectResult } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Authority, type Pair, secretYaml, tlsSecret } from "../../../test/harness/authority.ts";
import { printableIr } from "../../ir/printable.ts";
import type { ProxyOptions } from "../../options.ts";
import { lower } from "../istio/testing.ts";

const gateway = (tls: string) => `---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: default }
spec:
  servers:
    - port: { number: 443, name: https, protocol: HTTPS }
      hosts: [a.example]
      tls:
        ${tls}
---
`;
const NAMED = gateway("{ mode: SIMPLE, credentialName: a }");

let good: Pair;
let other: Pair;
let old: Pair;
let folder: string;

beforeAll(async () => {
  const authority = await Authority.create("authority");
  good = await authority.issue({ names: ["a.example"] });
  other = await authority.issue({ names: ["a.example"] });
  old = await authority.issue({ names: ["a.example"], days: -2 });
  folder = mkdtempSync(path.join(os.tmpdir(), "sluice-credentials-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const findings = (input: string, options: Partial<ProxyOptions> = {}) =>
  lower(input, { meshPort: 0, ...options }).diagnostics.map(
    ({ code, message, help }) => `${code} ${message} ${help ?? ""}`,
  );
const served = (input: string, options: Partial<ProxyOptions> = {}) =>
  lower(input, { meshPort: 0, ...options }).config.listeners.map(({ name }) => name);

test("a Secret of the proxy's namespace, or the Gateway's", () => {
  const listener = ["gateway_443_https_edge_default"];
  expect(served(NAMED + tlsSecret("a", good))).toEqual(listener);
  const elsewhere = NAMED + tlsSecret("a", good).replace('"default"', '"prod"');
  expect(served(elsewhere, { proxyNamespace: "prod" })).toEqual(listener);
  const [finding] = findings(elsewhere);
  expect(finding).toContain('SL0440 unknown Secret "a" in namespace default');
  expect(finding).toContain("--proxy-namespace prod");
});

test("what is missing, is none, or does not belong together", () => {
  expect(findings(NAMED)[0]).toContain("--secrets-directory");
  const of = (parts: Record<string, string>) => findings(NAMED + secretYaml("a", parts));
  const { certificate, key } = good;
  expect(of({ "tls.crt": certificate })[0]).toContain('the Secret "a" has no tls.key');
  expect(of({ key })[0]).toContain('the Secret "a" has no tls.crt');
  expect(of({ "tls.crt": "nonsense", "tls.key": key })[0]).toContain(
    "SL0441 the certificate is not valid PEM",
  );
  expect(of({ "tls.crt": certificate, "tls.key": "nonsense" })[0]).toContain(
    "SL0441 the key is not valid PEM",
  );
  expect(of({ "tls.crt": certificate, "tls.key": other.key })[0]).toContain(
    "SL0441 the key does not belong to the certificate",
  );
  expect(of({ "tls.crt": old.certificate, "tls.key": old.key })[0]).toMatch(
    /SL0442 the certificate of "CN=a.example" expired on \d{4}-/,
  );
  const mutual = gateway("{ mode: MUTUAL, credentialName: a }") + tlsSecret("a", good);
  expect(findings(mutual)[0]).toContain('the Secret "a" has no ca.crt');
});

test("keys that Envoy takes, and those that are too weak for it", async () => {
  const authority = await Authority.create("authority");
  const said = async (keys: KeyPairKeyObjectResult) =>
    findings(NAMED + tlsSecret("a", await authority.issue({ names: ["a.example"], keys })));
  const rsa = (modulusLength: number) => generateKeyPairSync("rsa", { modulusLength });
  const ec = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve });
  for (const keys of [rsa(2048), ec("secp384r1"), ec("secp521r1"), generateKeyPairSync("ed25519")]) {
    expect(await said(keys)).toEqual([]);
  }
  expect((await said(rsa(1024)))[0]).toContain("SL0441 the RSA key has 1024 bits, but needs at least 2048");
  expect((await said(ec("secp256k1")))[0]).toContain("SL0441 the key uses the curve secp256k1");
});

test("a folder for each Secret, and no way out of it", () => {
  mkdirSync(path.join(folder, "secrets", "a"), { recursive: true });
  for (const [name, text] of [
    ["tls.crt", good.certificate],
    ["tls.key", good.key],
  ] as const) {
    writeFileSync(path.join(folder, "secrets", "a", name), text);
    writeFileSync(path.join(folder, name), text);
  }
  const options = { secretsDirectory: path.join(folder, "secrets") };
  expect(findings(NAMED, options)).toEqual([]);
  expect(findings(gateway('{ mode: SIMPLE, credentialName: ".." }'), options)[0]).toContain("SL0440");
  expect(findings(gateway("{ mode: SIMPLE, credentialName: ../secrets/a }"), options)).toEqual([]);
});

test("keys are not printed", () => {
  const { config } = lower(NAMED + tlsSecret("a", good), { meshPort: 0 });
  const printed = JSON.stringify(printableIr(config));
  expect(printed).toContain("(hidden)");
  expect(printed).not.toContain("PRIVATE KEY");
});

test("two servers that ask for one name, and two kinds on one port", () => {
  const servers = (first: string, second: string) => `---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: default }
spec:
  servers:
    - ${first}
    - ${second}
---
${tlsSecret("a", good)}`;
  const tls = (host: string, name: string) =>
    `{ port: { number: 443, name: ${name}, protocol: HTTPS }, hosts: [${host}], tls: { mode: SIMPLE, credentialName: a } }`;
  const plain = "{ port: { number: 443, name: http, protocol: HTTP }, hosts: [a.example] }";
  expect(findings(servers(tls("a.example", "first"), tls("ns/a.example", "second")))[0]).toContain(
    'SL0443 port 443 already serves "a.example" with TLS',
  );
  expect(findings(servers(tls("a.example", "first"), plain))[0]).toContain(
    "port 443 is already used for TLS",
  );
  expect(findings(servers(plain, tls("a.example", "first")))[0]).toContain(
    "port 443 is already used for plain text",
  );
  expect(served(servers(tls("a.example", "first"), tls("b.example", "second")))).toEqual([
    "gateway_443_first_edge_default",
    "gateway_443_second_edge_default",
  ]);
});
