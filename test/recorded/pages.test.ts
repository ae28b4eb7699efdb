/**
 * Documents of the shapes that Istio's documentation shows, page by page: what each page is about runs in a real Envoy, for
 * both targets, and what is not served is said by exactly the findings that the page lists (`pages/*.yaml`).
 */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseRequestLine } from "../../compiler/answers/request/asked.ts";
import type { ProxyOptions } from "../../compiler/options.ts";
import { Authority, tlsSecret } from "../harness/authority.ts";
import { ask } from "../harness/client.ts";
import { answerOf, differences } from "../harness/expect.ts";
import { Mesh } from "../harness/mesh.ts";
import { TARGETS } from "../harness/targets.ts";
import { type ProxyName, readSteps, WORLD } from "./page-steps.ts";

const router = (istio: string) => ({
  proxyLabels: { istio },
  proxyNamespace: "istio-system",
  meshPort: 0,
});
const PROXIES = {
  sidecar: { proxyLabels: { app: "curl" }, proxyNamespace: "default", meshListeners: true },
  gateway: router("ingressgateway"),
  egressgateway: router("egressgateway"),
  eastwestgateway: router("eastwestgateway"),
} as const satisfies Readonly<Record<ProxyName, Partial<ProxyOptions>>>;

let authority: Authority;
/** A folder with the identity of a proxy, as Istio's agent writes one. */
let identity: string;

beforeAll(async () => {
  authority = await Authority.create("authority");
  const pair = await authority.issue({ names: [], uris: ["spiffe://cluster.local/ns/default/sa/curl"] });
  identity = await mkdtemp(path.join(tmpdir(), "sluice-test-identity-"));
  await writeFile(path.join(identity, "cert-chain.pem"), pair.certificate);
  await writeFile(path.join(identity, "key.pem"), pair.key);
  await writeFile(path.join(identity, "root-cert.pem"), authority.certificate);
});

afterAll(() => rm(identity, { recursive: true, force: true }));

describe.each(TARGETS)("target %s", (target) => {
  let mesh: Mesh;
  beforeAll(async () => {
    mesh = await Mesh.create({ target });
  });
  afterAll(() => mesh?.close());

  test.each(readSteps().map((step) => [[step.page, step.part].filter(Boolean).join(": "), step] as const))(
    "%s",
    async (_name, step) => {
      const { rules, as = "sidecar", proxy = {}, secrets = [], findings = [], asks = [] } = step;
      const pair = await authority.issue({ names: ["shop.example"] });
      const { proxyNamespace } = PROXIES[as];
      const documents = secrets.map((name) => tlsSecret(name, pair, authority.certificate, proxyNamespace));
      const { diagnostics, compilation, ports } = await mesh.apply([WORLD, rules, ...documents], {
        proxy: { ...PROXIES[as], ...(step.identity && { identityDirectory: identity }), ...proxy },
        answerDnsNames: true,
      });
      const said = diagnostics.filter(({ level }) => level === "warning" || level === "error");
      expect(said.map(({ code }) => code).sort(), said.map(({ message }) => message).join("\n")).toEqual(
        [...findings].sort(),
      );
      expect(compilation).toBeDefined();
      for (const { ask: line, headers = {}, at, ...wanted } of asks) {
        const { method, authority: host, path: target } = parseRequestLine(line);
        expect(ports.get(at), `no listener ${at} among ${[...ports.keys()].join(", ")}`).toBeDefined();
        const response = await ask(ports.get(at)!, { method, host, path: target, headers });
        const answer = answerOf(response, (endpoint) => mesh.clustersOf(endpoint));
        expect(differences(answer, { status: 200, ...wanted }), line).toEqual([]);
      }
    },
  );
});
