/** Who this proxy is in its mesh, by files, and whom it takes the servers of a service for. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Authority, type Pair } from "../../../test/harness/authority.ts";
import type { ClientTls } from "../../ir/ir.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../options.ts";
import { lowerToIr } from "../istio/lower.ts";
import { lower, resources, serviceYaml } from "../istio/testing.ts";
import { identitiesOf } from "./mesh-identities.ts";

let roots: Authority;
let own: Pair;
let other: Pair;
let old: Pair;
let folder: string;

beforeAll(async () => {
  roots = await Authority.create("roots");
  const wish = { names: [], uris: ["spiffe://cluster.local/ns/default/sa/a"] };
  own = await roots.issue(wish);
  other = await roots.issue(wish);
  old = await roots.issue({ ...wish, names: ["old"], days: -2 });
});
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "sluice-identity-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const POLICY = `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: a, namespace: default }
spec: { host: a, trafficPolicy: { tls: { mode: ISTIO_MUTUAL } } }
`;

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(path.join(folder, name), text);
  }
}

const lowered = (more = "", policy = POLICY) =>
  lower(`${serviceYaml("a")}${policy}${more}`, { identityDirectory: folder });
const said = () => lowered().diagnostics.map(({ code, message }) => `${code} ${message}`);
const tlsOf = (more?: string, policy?: string): ClientTls | undefined =>
  lowered(more, policy).config.clusters.find(({ name }) => name.startsWith("outbound|80||a."))?.tls;

test("the names of Istio's agent, or those of a Secret of Kubernetes", () => {
  write({ "cert-chain.pem": own.certificate, "key.pem": own.key, "root-cert.pem": roots.certificate });
  expect(said()).toEqual([]);
  expect(tlsOf()).toEqual({
    certificate: "default",
    authority: "ROOTCA",
    subjectAltNames: [],
    sni: "outbound_.80_._.a.default.svc.cluster.local",
    applicationProtocols: ["istio-http/1.1", "istio", "http/1.1"],
  });
  const agents = lowered().config.secrets;
  expect(
    agents?.map(({ content }) => (content.kind === "certificate" ? content.chain : content.trusted)),
  ).toEqual([path.join(folder, "root-cert.pem"), path.join(folder, "cert-chain.pem")]);
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  write({ "tls.crt": own.certificate, "tls.key": own.key, "ca.crt": roots.certificate });
  expect(said()).toEqual([]);
});

test("a folder that is missing or half written, what does not belong together, and what is over", () => {
  const files = { "cert-chain.pem": own.certificate, "key.pem": own.key, "root-cert.pem": roots.certificate };
  expect(said()).toEqual([
    `SL0440 the identity directory ${folder} has no cert-chain.pem and no key.pem and no root-cert.pem`,
  ]);
  write({ "tls.key": own.key });
  expect(said()).toEqual([`SL0440 the identity directory ${folder} has no tls.crt and no ca.crt`]);
  write({ ...files, "key.pem": other.key });
  expect(said()).toEqual([expect.stringContaining("SL0441 the key does not belong to the certificate")]);
  write({ ...files, "root-cert.pem": "nonsense" });
  expect(said()).toEqual([expect.stringContaining("SL0441")]);
  write({ ...files, "cert-chain.pem": old.certificate, "key.pem": old.key });
  expect(said()).toEqual([expect.stringMatching(/^SL0442 the certificate of "CN=old" expired on/)]);
});

test("proxies that are told what to do have an identity of their own, which is not looked at here", () => {
  const diagnostics: unknown[] = [];
  const options = { ...DEFAULT_PROXY_OPTIONS, identityDirectory: "/elsewhere" };
  const files = {
    read: (file: string) => expect.unreachable(`${file} was read`),
    exists: (file: string) => expect.unreachable(`${file} was looked for`),
  };
  const { config } = lowerToIr(
    resources(`${serviceYaml("a")}${POLICY}`),
    options,
    { report: (one) => diagnostics.push(one) },
    { files, now: new Date(), purpose: "serve" },
  );
  expect(diagnostics).toEqual([]);
  expect(config.secrets).toMatchObject([
    { name: "ROOTCA", inFiles: true, isProxysOwn: true, content: { trusted: "/elsewhere/root-cert.pem" } },
    { name: "default", inFiles: true, isProxysOwn: true, content: { chain: "/elsewhere/cert-chain.pem" } },
  ]);
});

test("servers are who their service accounts say, in the mesh's trust domain and its former ones", () => {
  write({ "cert-chain.pem": own.certificate, "key.pem": own.key, "root-cert.pem": roots.certificate });
  const entry = (address: string, account: string) => `
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: w${address.replaceAll(".", "-")}, namespace: default }
spec: { address: ${address}, labels: { app: a }, serviceAccount: ${account} }
`;
  const two = entry("192.0.2.1", "b") + entry("192.0.2.2", "c");
  const selecting = serviceYaml("a").replace("ports:", "selector: { app: a }, ports:");
  const names = (policy = POLICY) =>
    lower(`${selecting}${policy}${two}`, { identityDirectory: folder }).config.clusters.find(({ tls }) => tls)
      ?.tls?.subjectAltNames;
  expect(names()).toEqual([
    "spiffe://cluster.local/ns/default/sa/b",
    "spiffe://cluster.local/ns/default/sa/c",
  ]);
  expect(names(POLICY.replace("ISTIO_MUTUAL", "ISTIO_MUTUAL, subjectAltNames: [x], sni: s"))).toEqual(["x"]);
  const endpoint = { address: "192.0.2.1", port: 80, labels: {}, weight: 1, account: "ns/n/sa/b" };
  const service = {
    subjectAltNames: ["a.example", "spiffe://td/ns/n/sa/c"],
    endpoints: new Map([[80, [endpoint, endpoint]]]),
  };
  expect(identitiesOf(service, { trustDomain: "td", trustDomainAliases: ["old"] })).toEqual([
    "a.example",
    "spiffe://old/ns/n/sa/b",
    "spiffe://old/ns/n/sa/c",
    "spiffe://td/ns/n/sa/b",
    "spiffe://td/ns/n/sa/c",
  ]);
});

test("a server name that no TLS can ask for", () => {
  write({ "cert-chain.pem": own.certificate, "key.pem": own.key, "root-cert.pem": roots.certificate });
  const long = `s${"x".repeat(62)}`;
  const subset = POLICY.replace("trafficPolicy", `subsets: [{ name: ${"y".repeat(63)} }], trafficPolicy`);
  const label = (n: number) => "l".repeat(n);
  const host = [label(63), label(63), label(63), label(50)].join(".");
  const spec = `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${long}, namespace: default }
spec: { hosts: [${host}], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: STATIC, endpoints: [{ address: 192.0.2.1 }] }
`;
  const { diagnostics } = lowered(spec, subset.replace("host: a", `host: ${host}`));
  expect(diagnostics.map(({ code }) => code)).toContain("SL0501");
});
