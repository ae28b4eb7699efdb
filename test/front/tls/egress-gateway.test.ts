/**
 * Istio's page of egress gateways with one Envoy in both roles, which rules call by the same ports: `--port-map gateway:443=…` moves
 * the gateway alone. A connection goes through the mesh's listener, then the gateway's, then to the site.
 */

import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Authority } from "../../harness/authority.ts";
import { ask } from "../../harness/client.ts";
import { KEPT_CONNECTIONS } from "../../harness/kept-connections.ts";
import { freePort } from "../../harness/ports.ts";
import { SluiceRun } from "../../harness/sluice.ts";
import { askTls } from "./client.ts";
import { resource } from "./documents.ts";

const CNN = "edition.cnn.example";
const GATEWAY = "istio-egressgateway.istio-system.svc.cluster.local";
const ROLES = ["--mesh-listeners", "--mesh-port", "0", "--proxy-labels", "istio=egressgateway"];

let authority: Authority;
let secure: https.Server;
let plain: http.Server;
let folder: string;
beforeAll(async () => {
  authority = await Authority.create("web");
  const { certificate: cert, key } = await authority.issue({ names: [CNN] });
  secure = https.createServer({ ...KEPT_CONNECTIONS, cert, key }, (_request, response) =>
    response.end("secure site"),
  );
  plain = http.createServer(KEPT_CONNECTIONS, (_request, response) => response.end("plain site"));
  for (const server of [secure, plain]) {
    await once(server.listen(0, "127.77.0.3"), "listening");
  }
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-egress-"));
});
afterAll(async () => {
  for (const server of [secure, plain]) {
    server.close();
    server.closeAllConnections();
  }
  await rm(folder, { recursive: true, force: true });
});

const portOf = (server: http.Server | https.Server) => (server.address() as AddressInfo).port;
const PORTS = [
  { number: 80, name: "http", protocol: "HTTP" },
  { number: 443, name: "tls", protocol: "TLS" },
];
const entry = (name: string, host: string, address: string, http: number, tls: number) =>
  resource("ServiceEntry", name, {
    hosts: [host],
    ports: PORTS,
    resolution: "STATIC",
    endpoints: [{ address, ports: { http, tls } }],
  });
/** The page's rule, by which the mesh leads to the gateway and the gateway to the site. */
const through = (port: number, match: object) => [
  {
    match: [{ gateways: ["mesh"], port, ...match }],
    route: [{ destination: { host: GATEWAY, subset: "cnn", port: { number: port } } }],
  },
  {
    match: [{ gateways: ["egress"], port, ...match }],
    route: [{ destination: { host: CNN, port: { number: port } } }],
  },
];
const rules = (gatewayHttp: number, gatewayTls: number) =>
  [
    entry("cnn", CNN, "127.77.0.3", portOf(plain), portOf(secure)),
    entry("egressgateway", GATEWAY, "127.0.0.1", gatewayHttp, gatewayTls),
    resource("DestinationRule", "egress", { host: GATEWAY, subsets: [{ name: "cnn" }] }),
    resource("Gateway", "egress", {
      selector: { istio: "egressgateway" },
      servers: [
        { port: PORTS[0], hosts: [CNN] },
        { port: PORTS[1], hosts: [CNN], tls: { mode: "PASSTHROUGH" } },
      ],
    }),
    resource("VirtualService", "through-egress", {
      hosts: [CNN],
      gateways: ["mesh", "egress"],
      http: through(80, {}),
      tls: through(443, { sniHosts: [CNN] }),
    }),
  ].join("\n---\n");

test("both roles in one Envoy", async () => {
  const [gatewayHttp, gatewayTls, meshHttp, meshTls] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const map = [
    `gateway:80=${gatewayHttp},mesh:80=${meshHttp}`,
    `gateway:443=${gatewayTls},mesh:443=${meshTls}`,
  ].flatMap((pair) => ["--port-map", pair]);
  await writeFile(path.join(folder, "rules.yaml"), rules(gatewayHttp, gatewayTls));
  const admin = await freePort();
  const run = new SluiceRun(
    [
      "rules.yaml",
      ...ROLES,
      ...map,
      "--concurrency",
      "1",
      "--drain-time",
      "0",
      "--admin-port",
      String(admin),
    ],
    folder,
  );
  await run.event("serving");
  const asked = await askTls({ port: meshTls, host: CNN, ca: authority.certificate });
  expect(asked.body).toBe("secure site");
  expect((await ask(meshHttp, { host: CNN, path: "/" })).body).toBe("plain site");
  // Each went through the gateway.
  const stats = await ask(admin, { host: "127.0.0.1", path: "/stats?filter=downstream_cx_total" });
  expect(stats.body).toMatch(/listener\.gateway_80\.downstream_cx_total: 1\b/);
  expect(stats.body).toMatch(/listener\.tls_\S+\.downstream_cx_total: 1\b/);
  expect(await run.stop()).toBe(0);
});
