/** TLS that begins at the proxy, in a real Envoy for both targets: whom it believes, and as whom it speaks. */

import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import https from "node:https";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Authority, type Pair, secretYaml, tlsSecret } from "../../harness/authority.ts";
import { ask } from "../../harness/client.ts";
import { KEPT_CONNECTIONS } from "../../harness/kept-connections.ts";
import { Mesh } from "../../harness/mesh.ts";

const HOST = "shop.example.com";

let authority: Authority;
let stranger: Authority;
let server: Pair;
let client: Pair;
let folder: string;
let upstream: https.Server;
let port: number;

/** What the server saw of a connection. */
interface Seen {
  readonly asked: string | false | null;
  readonly client: string | undefined;
}

beforeAll(async () => {
  authority = await Authority.create("authority");
  stranger = await Authority.create("stranger");
  server = await authority.issue({ names: [HOST, "shop.localhost"] });
  client = await authority.issue({ names: ["client.example"] });
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-tls-"));
  await writeFile(path.join(folder, "ca.crt"), authority.certificate);
  await writeFile(path.join(folder, "stranger.crt"), stranger.certificate);
  await writeFile(path.join(folder, "client.crt"), client.certificate);
  await writeFile(path.join(folder, "client.key"), client.key);
  upstream = https.createServer(
    {
      ...KEPT_CONNECTIONS,
      cert: server.certificate,
      key: server.key,
      ca: authority.certificate,
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      const socket = request.socket as TLSSocket & { servername?: string | false };
      const peer: PeerCertificate = socket.getPeerCertificate();
      const believed = socket.authorized ? String(peer.subject?.CN) : undefined;
      response.end(JSON.stringify({ asked: socket.servername ?? null, client: believed } satisfies Seen));
    },
  );
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
  port = (upstream.address() as AddressInfo).port;
});

afterAll(async () => {
  upstream.close();
  upstream.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

const entry = (more: object = {}) =>
  JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: "shop", namespace: "default" },
    spec: {
      hosts: [HOST],
      resolution: "STATIC",
      ports: [{ number: 80, targetPort: port, name: "http", protocol: "HTTP" }],
      endpoints: [{ address: "127.0.0.1", labels: { version: "v1" } }],
      ...more,
    },
  });
const policy = (spec: object) =>
  JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "shop", namespace: "default" },
    spec: { host: HOST, ...spec },
  });

describe.each(["wasm", "native"] as const)("target %s", (target) => {
  let mesh: Mesh;

  beforeAll(async () => {
    mesh = await Mesh.create({ target });
  });

  afterAll(async () => {
    await mesh?.close();
  });

  /** What the server saw, or the status of the answer that came from the proxy. */
  async function seen(documents: readonly string[], host = HOST): Promise<Seen | number> {
    const { ports, diagnostics } = await mesh.apply(documents);
    const listener = ports.get("mesh");
    expect(listener, diagnostics.map(({ message }) => message).join("\n")).toBeDefined();
    const { status, body } = await ask(listener!, { host, path: "/" });
    return status === 200 ? (JSON.parse(body) as Seen) : status;
  }
  const withTls = (tls: object) => seen([entry(), policy({ trafficPolicy: { tls } })]);
  const file = (name: string) => path.join(folder, name);

  test("SIMPLE: the server must be whom the request is for, of an authority that is believed", async () => {
    expect(await withTls({ mode: "SIMPLE", caCertificates: file("ca.crt") })).toEqual({ asked: HOST });
    expect(await withTls({ mode: "SIMPLE", caCertificates: file("stranger.crt") })).toBe(503);
    // The authorities of the machine do not know it.
    expect(await withTls({ mode: "SIMPLE" })).toBe(503);
    expect(await withTls({ mode: "SIMPLE", insecureSkipVerify: true })).toEqual({ asked: HOST });
  });

  test("names: what is asked for, and which the server must have", async () => {
    const tls = { mode: "SIMPLE", caCertificates: file("ca.crt") };
    expect(await withTls({ ...tls, sni: "other.example" })).toEqual({ asked: "other.example" });
    expect(await withTls({ ...tls, subjectAltNames: [HOST, "x.example"] })).toEqual({ asked: HOST });
    expect(await withTls({ ...tls, subjectAltNames: ["x.example"] })).toBe(503);
    // Those of the service count where the policy names none.
    const named = entry({ subjectAltNames: ["x.example"] });
    expect(await seen([named, policy({ trafficPolicy: { tls } })])).toBe(503);
    const overruled = { ...tls, subjectAltNames: [HOST] };
    expect(await seen([named, policy({ trafficPolicy: { tls: overruled } })])).toEqual({ asked: HOST });
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)("a server that speaks %s and nothing else", async (version) => {
    const tls = { cert: server.certificate, key: server.key, minVersion: version, maxVersion: version };
    const strict = https.createServer({ ...KEPT_CONNECTIONS, ...tls }, (request, response) => {
      response.end(JSON.stringify({ asked: (request.socket as TLSSocket).getProtocol() }));
    });
    strict.listen(0, "127.0.0.1");
    await once(strict, "listening");
    const ports = [
      { number: 80, targetPort: (strict.address() as AddressInfo).port, name: "http", protocol: "HTTP" },
    ];
    const believing = policy({ trafficPolicy: { tls: { mode: "SIMPLE", caCertificates: file("ca.crt") } } });
    expect(await seen([entry({ ports }), believing])).toEqual({ asked: version });
    strict.close();
    strict.closeAllConnections();
  });

  test("MUTUAL: by files, and by a Secret", async () => {
    const files = {
      mode: "MUTUAL",
      caCertificates: file("ca.crt"),
      clientCertificate: file("client.crt"),
      privateKey: file("client.key"),
    };
    expect(await withTls(files)).toEqual({ asked: HOST, client: "client.example" });
    const mutual = policy({ trafficPolicy: { tls: { mode: "MUTUAL", credentialName: "shop" } } });
    expect(await seen([entry(), mutual, tlsSecret("shop", client, authority.certificate)])).toEqual({
      asked: HOST,
      client: "client.example",
    });
    const apart = secretYaml("shop-cacert", { "ca.crt": stranger.certificate });
    expect(await seen([entry(), mutual, tlsSecret("shop", client), apart])).toBe(503);
  });

  test("a server whose certificate is revoked is refused", async () => {
    const tls = { mode: "SIMPLE", caCertificates: file("ca.crt"), caCrl: file("list.crl") };
    await writeFile(file("list.crl"), await authority.revoke([client]));
    expect(await withTls(tls)).toEqual({ asked: HOST });
    await writeFile(file("all.crl"), await authority.revoke([client, server]));
    expect(await withTls({ ...tls, caCrl: file("all.crl") })).toBe(503);
    await writeFile(file("bad.crl"), "no list");
    const bad = policy({ trafficPolicy: { tls: { ...tls, caCrl: file("bad.crl") } } });
    expect((await mesh.apply([entry(), bad])).diagnostics).toMatchObject([{ code: "SL0441" }]);
  });

  test("of a service without endpoints, on the port that TLS is spoken on", async () => {
    const host = "shop.localhost";
    const elsewhere = entry({ hosts: [host], resolution: "NONE", endpoints: undefined });
    const tls = { mode: "SIMPLE", insecureSkipVerify: true };
    expect(await seen([elsewhere, policy({ host, trafficPolicy: { tls } })], host)).toEqual({ asked: host });
  });

  test("where a request says itself who is asked, that is who the server must be", async () => {
    const host = "*.localhost";
    const ports = [{ number: port, name: "http", protocol: "HTTP" }];
    const anywhere = entry({ hosts: [host], resolution: "DYNAMIC_DNS", endpoints: [], ports });
    const tls = { mode: "SIMPLE", caCertificates: file("ca.crt") };
    for (const more of [{}, { sni: HOST }, { subjectAltNames: [HOST] }]) {
      const rule = policy({ host, trafficPolicy: { tls: { ...tls, ...more } } });
      const asked = "sni" in more ? HOST : "shop.localhost";
      expect(await seen([anywhere, rule], `shop.localhost:${port}`)).toEqual({ asked });
      expect(await seen([anywhere, rule], `other.localhost:${port}`)).toBe(503);
    }
  });

  test("of a port, and DISABLE, which is plain text", async () => {
    const tls = { mode: "SIMPLE", caCertificates: file("ca.crt") };
    const ofPort = (number: number, settings: object) => [{ port: { number }, tls: settings }];
    expect(await seen([entry(), policy({ trafficPolicy: { portLevelSettings: ofPort(80, tls) } })])).toEqual({
      asked: HOST,
    });
    // A server that waits for TLS does not answer plain text.
    const off = { trafficPolicy: { tls, portLevelSettings: ofPort(80, { mode: "DISABLE" }) } };
    expect(await seen([entry(), policy(off)])).not.toHaveProperty("asked");
    const other = { trafficPolicy: { tls, portLevelSettings: ofPort(81, { mode: "DISABLE" }) } };
    expect(await seen([entry(), policy(other)])).toEqual({ asked: HOST });
  });

  test("of a subset", async () => {
    const tls = { mode: "SIMPLE", caCertificates: file("ca.crt") };
    const subset = { name: "v1", labels: { version: "v1" }, trafficPolicy: { tls } };
    const rule = JSON.stringify({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "shop", namespace: "default" },
      spec: { hosts: [HOST], http: [{ route: [{ destination: { host: HOST, subset: "v1" } }] }] },
    });
    const distrusted = { tls: { ...tls, caCertificates: file("stranger.crt") } };
    expect(await seen([entry(), rule, policy({ trafficPolicy: distrusted, subsets: [subset] })])).toEqual({
      asked: HOST,
    });
  });
});
