/**
 * ISTIO_MUTUAL between two Envoys with identities from files, one of each target: a sidecar's side and a gateway's. What the two
 * believe of each other is what real sidecars believe: the roots of the mesh, and service accounts where they are known.
 */

import { once } from "node:events";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import https from "node:https";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Authority, type Pair } from "../../harness/authority.ts";
import { ask } from "../../harness/client.ts";
import { KEPT_CONNECTIONS } from "../../harness/kept-connections.ts";
import { Mesh } from "../../harness/mesh.ts";
import { askTls } from "./client.ts";
import { resource } from "./documents.ts";

const CNN = "edition.cnn.example";
const GATEWAY = "istio-egressgateway.istio-system.svc.cluster.local";
const ACCOUNT = "spiffe://cluster.local/ns/istio-system/sa/egress";

let roots: Authority;
let stranger: Authority;
let web: Authority;
let folder: string;
let site: https.Server;

beforeAll(async () => {
  roots = await Authority.create("mesh");
  stranger = await Authority.create("stranger");
  web = await Authority.create("web");
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-identity-"));
  await writeFile(path.join(folder, "web.crt"), web.certificate);
  const { certificate: cert, key } = await web.issue({ names: [CNN] });
  site = https.createServer({ ...KEPT_CONNECTIONS, cert, key }, (request, response) =>
    response.end(`site ${request.url}`),
  );
  await once(site.listen(0, "127.77.0.1"), "listening");
});

afterAll(async () => {
  site.close();
  site.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

/** As a volume of Kubernetes is swapped: all files by one rename. */
async function put(directory: string, generation: string, { certificate, key }: Pair): Promise<void> {
  const at = path.join(folder, directory);
  await mkdir(path.join(at, generation), { recursive: true });
  const files = { "cert-chain.pem": certificate, "key.pem": key, "root-cert.pem": roots.certificate };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(path.join(at, generation, name), text);
  }
  await symlink(generation, path.join(at, "..new"));
  await rename(path.join(at, "..new"), path.join(at, "..data"));
  if (generation === "..1") {
    await Promise.all(Object.keys(files).map((name) => symlink(`..data/${name}`, path.join(at, name))));
  }
}

/** Istio's page of egress gateways that begin TLS. */
const entry = (port: number) =>
  resource("ServiceEntry", "cnn", {
    hosts: [CNN],
    ports: [
      { number: 80, name: "http", protocol: "HTTP" },
      { number: 443, name: "https", protocol: "HTTPS" },
    ],
    resolution: "STATIC",
    endpoints: [{ address: "127.77.0.1", ports: { https: port } }],
  });
const rules = resource("VirtualService", "through-egress", {
  hosts: [CNN],
  gateways: ["egress", "mesh"],
  http: [
    {
      match: [{ gateways: ["mesh"], port: 80 }],
      route: [{ destination: { host: GATEWAY, subset: "cnn", port: { number: 80 } } }],
    },
    {
      match: [{ gateways: ["egress"], port: 80 }],
      route: [{ destination: { host: CNN, port: { number: 443 } } }],
    },
  ],
});
const edge = resource("Gateway", "egress", {
  selector: { istio: "egressgateway" },
  servers: [
    {
      port: { number: 80, name: "https-port-for-tls-origination", protocol: "HTTPS" },
      hosts: [CNN],
      tls: { mode: "ISTIO_MUTUAL" },
    },
  ],
});
const origination = resource("DestinationRule", "originate", {
  host: CNN,
  trafficPolicy: {
    portLevelSettings: [
      { port: { number: 443 }, tls: { mode: "SIMPLE", sni: CNN, caCertificates: "$FOLDER/web.crt" } },
    ],
  },
});
const toGateway = (settings: object) =>
  resource("DestinationRule", "to-egress", {
    host: GATEWAY,
    subsets: [{ name: "cnn", trafficPolicy: { tls: { mode: "ISTIO_MUTUAL", ...settings } } }],
  });
const service = (port: number, account = "egress") =>
  resource("ServiceEntry", "egressgateway", {
    hosts: [GATEWAY],
    ports: [{ number: 80, name: "http2", protocol: "HTTP" }],
    resolution: "STATIC",
    endpoints: [{ address: "127.0.0.1", ports: { http2: port }, serviceAccount: account }],
  }).replace('"namespace":"default"', '"namespace":"istio-system"');

describe.each([
  ["wasm", "native"],
  ["native", "wasm"],
] as const)("a sidecar of target %s and a gateway of target %s", (targetOfSidecar, targetOfGateway) => {
  let sidecar: Mesh;
  let gateway: Mesh;
  let port: number;

  beforeAll(async () => {
    await put(
      "sidecar",
      "..1",
      await roots.issue({ names: [], uris: ["spiffe://cluster.local/ns/a/sa/app"] }),
    );
    await put("gateway", "..1", await roots.issue({ names: [CNN], uris: [ACCOUNT] }));
    sidecar = await Mesh.create({ target: targetOfSidecar });
    gateway = await Mesh.create({ target: targetOfGateway });
    const { port: siteAt } = site.address() as AddressInfo;
    const { ports, diagnostics } = await gateway.apply(
      [entry(siteAt), rules, edge, origination.replace("$FOLDER", folder), service(9)],
      {
        proxy: {
          meshPort: 0,
          proxyLabels: { istio: "egressgateway" },
          identityDirectory: path.join(folder, "gateway"),
        },
      },
    );
    expect(diagnostics).toEqual([]);
    port = ports.get("gateway_80_https-port-for-tls-origination_egress_default")!;
  });

  afterAll(async () => {
    await sidecar?.close();
    await gateway?.close();
    await rm(path.join(folder, "sidecar"), { recursive: true });
    await rm(path.join(folder, "gateway"), { recursive: true });
  });

  async function answered(documents: readonly string[]): Promise<string> {
    const { ports, diagnostics } = await sidecar.apply(documents, {
      proxy: { proxyLabels: { app: "client" }, identityDirectory: path.join(folder, "sidecar") },
    });
    expect(diagnostics.filter(({ level }) => level !== "info")).toEqual([]);
    const { status, body } = await ask(ports.get("mesh")!, { host: CNN, path: "/politics" });
    return `${status} ${body}`;
  }
  const through = (...documents: readonly string[]) => answered([entry(9), rules, edge, ...documents]);

  test("the page: plain text, the mesh's own TLS to the gateway, and TLS to the site", async () => {
    expect(await through(service(port), toGateway({ sni: CNN }))).toBe("200 site /politics");
    expect(await through(service(port), toGateway({ sni: CNN, subjectAltNames: [ACCOUNT] }))).toBe(
      "200 site /politics",
    );
  });

  test("a gateway that is somebody else, also of another trust domain, gets no request", async () => {
    expect(await through(service(port, "other"), toGateway({ sni: CNN }))).toContain("503");
    const foreign = [ACCOUNT.replace("cluster.local", "elsewhere")];
    expect(await through(service(port), toGateway({ sni: CNN, subjectAltNames: foreign }))).toContain("503");
    const mesh = (config: object) =>
      JSON.stringify({
        apiVersion: "install.istio.io/v1alpha1",
        kind: "IstioOperator",
        metadata: { name: "mesh", namespace: "istio-system" },
        spec: { meshConfig: config },
      });
    const moved = mesh({ trustDomain: "new.example" });
    expect(await through(service(port), toGateway({ sni: CNN }), moved)).toContain("503");
    const alias = mesh({ trustDomain: "new.example", trustDomainAliases: ["cluster.local"] });
    expect(await through(service(port), toGateway({ sni: CNN }), alias)).toBe("200 site /politics");
  });

  test("without a server name of its own, that of the cluster; and what sidecars are told by", async () => {
    const seen: unknown[] = [];
    const { certificate: cert, key } = await roots.issue({ names: [], uris: [ACCOUNT] });
    const options = {
      cert,
      key,
      ca: roots.certificate,
      requestCert: true,
      ALPNCallback: ({ servername, protocols }: { servername: string; protocols: string[] }) => {
        seen.push([servername, protocols]);
        return undefined;
      },
    };
    const server = tls.createServer(options, (socket) => socket.destroy());
    await once(server.listen(0, "127.0.0.1"), "listening");
    await through(service((server.address() as AddressInfo).port), toGateway({}));
    expect(seen[0]).toEqual([`outbound_.80_.cnn_.${GATEWAY}`, ["istio-http/1.1", "istio", "http/1.1"]]);
    server.close();
  });

  test("the gateway believes who has a certificate of the mesh's roots, and nobody else", async () => {
    const asked = (own?: Pair) =>
      askTls({ port, host: CNN, path: "/x", ca: roots.certificate, ...(own && { own }) }).then(
        ({ status, body }) => `${status} ${body}`,
        () => "refused",
      );
    const wish = { names: [], uris: ["spiffe://cluster.local/ns/a/sa/app"] };
    expect(await asked(await roots.issue(wish))).toBe("200 site /x");
    expect(await asked()).toBe("refused");
    expect(await asked(await stranger.issue(wish))).toBe("refused");
    expect(await asked(await roots.issue({ ...wish, days: -2 }))).toBe("refused");
  });

  test("a renewed identity is taken by both as its folder is swapped", async () => {
    const renewed = await roots.issue({ names: [], uris: [ACCOUNT, "spiffe://renewed"] });
    await put("gateway", "..2", renewed);
    const documents = [service(port), toGateway({ sni: CNN, subjectAltNames: ["spiffe://renewed"] })];
    await expect.poll(() => through(...documents)).toBe("200 site /politics");
  });
});
