/** TLS that ends at a Gateway, in a real Envoy for both targets. */

import { createHash, generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ProxyOptions } from "../../../compiler/options.ts";
import { Authority, type Pair, secretYaml, tlsSecret } from "../../harness/authority.ts";
import { ask } from "../../harness/client.ts";
import { Mesh } from "../../harness/mesh.ts";
import { askTls } from "./client.ts";

const gateway = (servers: readonly object[], name = "edge") =>
  JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: { name, namespace: "default" },
    spec: { selector: { istio: "ingressgateway" }, servers },
  });
const https = (host: string, tls: object, name = "https") => ({
  port: { number: 443, name, protocol: "HTTPS" },
  hosts: [host],
  tls,
});
const rules = (host: string, body: string) =>
  JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: body, namespace: "default" },
    spec: {
      hosts: [host],
      gateways: ["edge"],
      http: [{ directResponse: { status: 200, body: { string: body } } }],
    },
  });

let authority: Authority;
let stranger: Authority;
let one: Pair;
let two: Pair;
let client: Pair;
let folder: string;

beforeAll(async () => {
  authority = await Authority.create("authority");
  stranger = await Authority.create("stranger");
  one = await authority.issue({ names: ["one.example"] });
  two = await authority.issue({ names: ["two.example"] });
  client = await authority.issue({ names: ["client.example"] });
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-tls-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe.each(["wasm", "native"] as const)("target %s", (target) => {
  let mesh: Mesh;

  beforeAll(async () => {
    mesh = await Mesh.create({ target });
  });

  afterAll(async () => {
    await mesh?.close();
  });

  /** Applies the documents and gives the port of a listener. */
  async function apply(documents: readonly string[], listener: string, proxy: Partial<ProxyOptions> = {}) {
    const { portMap: _portMap, ...more } = { meshPort: 0, ...proxy };
    const { ports, diagnostics } = await mesh.apply(documents, { proxy: more });
    const port = ports.get(listener);
    expect(port, diagnostics.map(({ code, message }) => `${code}: ${message}`).join("\n")).toBeDefined();
    return port!;
  }

  const EDGE = "gateway_443_https_edge_default";
  const refused = (question: Parameters<typeof askTls>[0]) =>
    expect(askTls(question), JSON.stringify(question.host)).rejects.toThrow();

  test("SIMPLE: the certificate of the name that is asked for, and its own rules", async () => {
    const port = await apply(
      [
        tlsSecret("one", one),
        tlsSecret("two", two),
        gateway([
          https("one.example", { mode: "SIMPLE", credentialName: "one" }),
          https("*.two.example", { mode: "SIMPLE", credentialName: "two" }, "https-two"),
          https("two.example", { mode: "SIMPLE", credentialName: "two" }, "https-2"),
        ]),
        rules("one.example", "first"),
        rules("two.example", "second"),
      ],
      EDGE,
    );
    const ca = authority.certificate;
    expect(await askTls({ port, host: "one.example", ca })).toMatchObject({
      status: 200,
      body: "first",
      certificate: "one.example",
      protocol: "TLSv1.3",
    });
    expect(await askTls({ port, host: "two.example", ca })).toMatchObject({
      body: "second",
      certificate: "two.example",
    });
    // Rules are those of the server whose name was asked for.
    expect(await askTls({ port, host: "two.example", servername: "one.example", ca })).toMatchObject({
      status: 404,
      certificate: "one.example",
    });
    await refused({ port, host: "three.example", ca });
    await refused({ port, host: "one.example", ca: stranger.certificate });
  });

  test("MUTUAL and OPTIONAL_MUTUAL: who may speak", async () => {
    const other = await stranger.issue({ names: ["client.example"] });
    const ca = authority.certificate;
    const serve = (tls: object) =>
      apply(
        [
          tlsSecret("one", one, ca),
          gateway([https("one.example", { credentialName: "one", ...tls })]),
          rules("one.example", "mutual"),
        ],
        EDGE,
      );
    const asked = { host: "one.example", ca };
    const mutual = await serve({ mode: "MUTUAL" });
    expect((await askTls({ ...asked, port: mutual, own: client })).status).toBe(200);
    await refused({ ...asked, port: mutual });
    await refused({ ...asked, port: mutual, own: other });

    const named = await serve({ mode: "MUTUAL", subjectAltNames: ["client.example"] });
    expect((await askTls({ ...asked, port: named, own: client })).status).toBe(200);
    const misnamed = await serve({ mode: "MUTUAL", subjectAltNames: ["somebody.example"] });
    await refused({ ...asked, port: misnamed, own: client });

    const optional = await serve({ mode: "OPTIONAL_MUTUAL" });
    expect((await askTls({ ...asked, port: optional })).status).toBe(200);
    expect((await askTls({ ...asked, port: optional, own: client })).status).toBe(200);
    await refused({ ...asked, port: optional, own: other });
  });

  test("the upstream is told of the certificate that a client has shown, and of no other", async () => {
    const ca = authority.certificate;
    const upstream = JSON.stringify({
      apiVersion: "networking.istio.io/v1",
      kind: "ServiceEntry",
      metadata: { name: "web", namespace: "default" },
      spec: {
        hosts: ["web.example"],
        resolution: "STATIC",
        ports: [{ number: 80, targetPort: 18080, name: "http", protocol: "HTTP" }],
        endpoints: [{ address: "127.20.0.61" }],
      },
    });
    const leading = JSON.stringify({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "web", namespace: "default" },
      spec: {
        hosts: ["one.example"],
        gateways: ["edge"],
        http: [{ route: [{ destination: { host: "web.example" } }] }],
      },
    });
    const toldOf = async (mode: string, own?: Pair): Promise<string | undefined> => {
      const server = https("one.example", { credentialName: "one", mode });
      const port = await apply([tlsSecret("one", one, ca), gateway([server]), upstream, leading], EDGE);
      const headers = { "x-forwarded-client-cert": "Subject=forged" };
      const { body } = await askTls({ port, host: "one.example", ca, headers, ...(own && { own }) });
      return JSON.parse(body).headers["x-forwarded-client-cert"];
    };
    const told = await toldOf("MUTUAL", client);
    expect(told).toContain('Subject="CN=client.example"');
    expect(told).toContain("DNS=client.example");
    expect(told).not.toContain("forged");
    expect(await toldOf("OPTIONAL_MUTUAL")).toBeUndefined();
    expect(await toldOf("OPTIONAL_MUTUAL", client)).toContain("DNS=client.example");
    expect(await toldOf("SIMPLE", client)).toBeUndefined();
  });

  test("more Secrets than Envoy could watch: each where it is used, for its owner only, and changed all the same", async () => {
    const names = Array.from({ length: 60 }, (_, i) => `host-${i}`);
    const pairs = new Map<string, Pair>();
    for (const name of names) {
      pairs.set(name, await authority.issue({ names: [`${name}.example`] }));
    }
    const serve = () =>
      apply(
        [
          ...names.map((name) => tlsSecret(name, pairs.get(name)!, authority.certificate)),
          gateway(
            names.map((name, i) =>
              https(
                `${name}.example`,
                { mode: i % 2 ? "MUTUAL" : "SIMPLE", credentialName: name },
                `https-${i}`,
              ),
            ),
          ),
          ...names.map((name) => rules(`${name}.example`, name)),
        ],
        "gateway_443_https-0_edge_default",
      );
    let port = await serve();
    const asked = (name: string) =>
      askTls({ port, host: `${name}.example`, ca: authority.certificate, own: client });
    for (const name of ["host-0", "host-31", "host-59"]) {
      expect(await asked(name)).toMatchObject({ body: name, certificate: `${name}.example` });
    }
    await refused({ port, host: "host-59.example", ca: authority.certificate });

    pairs.set("host-31", await authority.issue({ names: ["renewed.example", "host-31.example"] }));
    port = await serve();
    await expect.poll(async () => (await asked("host-31")).certificate).toBe("renewed.example");
  });

  test("a client whose certificate is revoked is refused: by files, and by a Secret", async () => {
    const revoked = await authority.issue({ names: ["client.example"] });
    const files = {
      "own.crt": one.certificate,
      "own.key": one.key,
      "ca.crt": authority.certificate,
      "ca.crl": await authority.revoke([revoked]),
    };
    for (const [name, text] of Object.entries(files)) {
      await writeFile(path.join(folder, name), text);
    }
    const at = (name: string) => path.join(folder, name);
    const byFiles = {
      serverCertificate: at("own.crt"),
      privateKey: at("own.key"),
      caCertificates: at("ca.crt"),
      caCrl: at("ca.crl"),
    };
    const secret = {
      "tls.crt": one.certificate,
      "tls.key": one.key,
      "ca.crt": files["ca.crt"],
      "ca.crl": files["ca.crl"],
    };
    for (const tls of [byFiles, { credentialName: "one" }]) {
      const port = await apply(
        [
          secretYaml("one", secret),
          gateway([https("one.example", { mode: "MUTUAL", ...tls })]),
          rules("one.example", "in"),
        ],
        EDGE,
      );
      const asked = { port, host: "one.example", ca: authority.certificate };
      expect((await askTls({ ...asked, own: client })).status).toBe(200);
      await refused({ ...asked, own: revoked });
    }
  });

  test("hashes of clients' certificates and keys", async () => {
    const other = await authority.issue({ names: ["other.example"] });
    const { publicKey, fingerprint256 } = new X509Certificate(client.certificate);
    const spki = createHash("sha256")
      .update(publicKey.export({ type: "spki", format: "der" }))
      .digest("base64");
    for (const hashes of [{ verifyCertificateSpki: [spki] }, { verifyCertificateHash: [fingerprint256] }]) {
      const port = await apply(
        [
          tlsSecret("one", one, authority.certificate),
          gateway([https("one.example", { mode: "MUTUAL", credentialName: "one", ...hashes })]),
          rules("one.example", "hashed"),
        ],
        EDGE,
      );
      const asked = { port, host: "one.example", ca: authority.certificate };
      expect((await askTls({ ...asked, own: client })).status).toBe(200);
      await refused({ ...asked, own: other });
    }
  });

  test("two certificates of one server: each client is shown the one that it can read", async () => {
    const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const old = await authority.issue({ names: ["rsa.example", "one.example"], keys });
    const inFolder = (name: string) => path.join(folder, name);
    for (const [name, { certificate, key }] of Object.entries({ old, one })) {
      await writeFile(inFolder(`${name}.crt`), certificate);
      await writeFile(inFolder(`${name}.key`), key);
    }
    const files = ["old", "one"].map((name) => ({
      serverCertificate: inFolder(`${name}.crt`),
      privateKey: inFolder(`${name}.key`),
    }));
    for (const tls of [{ credentialNames: ["old", "one"] }, { tlsCertificates: files }]) {
      const port = await apply(
        [
          tlsSecret("old", old),
          tlsSecret("one", one),
          gateway([https("one.example", { mode: "SIMPLE", ...tls })]),
          rules("one.example", "both"),
        ],
        EDGE,
      );
      const asked = { port, host: "one.example", ca: authority.certificate, maxVersion: "TLSv1.2" } as const;
      const shown = async (ciphers: string) => (await askTls({ ...asked, ciphers })).certificate;
      expect(await shown("ECDHE-RSA-AES128-GCM-SHA256")).toBe("rsa.example");
      expect(await shown("ECDHE-ECDSA-AES128-GCM-SHA256")).toBe("one.example");
    }
  });

  test("who verifies clients: a Secret that says so by itself, or nobody", async () => {
    const ca = authority.certificate;
    const other = await stranger.issue({ names: ["client.example"] });
    const serve = (tls: object) =>
      apply(
        [
          tlsSecret("one", one, stranger.certificate),
          secretYaml("clients", { "ca.crt": authority.certificate }),
          gateway([https("one.example", { mode: "MUTUAL", credentialName: "one", ...tls })]),
          rules("one.example", "known"),
        ],
        EDGE,
      );
    const named = { port: await serve({ caCertCredentialName: "clients" }), host: "one.example", ca };
    expect((await askTls({ ...named, own: client })).status).toBe(200);
    await refused({ ...named, own: other });
    const open = { ...named, port: await serve({ insecureSkipVerify: true }) };
    expect((await askTls({ ...open, own: client })).status).toBe(200);
    // It has to be shown all the same.
    await refused(open);
  });

  test("authorities in a Secret of their own, generic keys, versions and cipher suites", async () => {
    const port = await apply(
      [
        secretYaml("one", { cert: one.certificate, key: one.key }),
        secretYaml("one-cacert", { cacert: authority.certificate }),
        gateway([
          https("one.example", {
            mode: "MUTUAL",
            credentialName: "one",
            minProtocolVersion: "TLSV1_3",
            cipherSuites: ["ECDHE-ECDSA-AES128-GCM-SHA256"],
          }),
        ]),
        rules("one.example", "new"),
      ],
      EDGE,
    );
    const asked = { port, host: "one.example", ca: authority.certificate, own: client };
    expect((await askTls(asked)).protocol).toBe("TLSv1.3");
    await refused({ ...asked, maxVersion: "TLSv1.2" });
  });

  test("versions that the mesh asks for, where a server does not say them", async () => {
    const documents = (tls: object) => [
      `apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: { name: mesh }\nspec: { meshConfig: { tlsDefaults: { minProtocolVersion: TLSV1_3 } } }`,
      tlsSecret("one", one),
      gateway([https("one.example", { mode: "SIMPLE", credentialName: "one", ...tls })]),
      rules("one.example", "new"),
    ];
    const asked = { host: "one.example", ca: authority.certificate, maxVersion: "TLSv1.2" } as const;
    await refused({ ...asked, port: await apply(documents({}), EDGE) });
    const port = await apply(documents({ minProtocolVersion: "TLSV1_2" }), EDGE);
    expect((await askTls({ ...asked, port })).protocol).toBe("TLSv1.2");
  });

  test("a Secret that changes is shown without anything else changing, and its key never logged", async () => {
    const documents = (pair: Pair) => [
      tlsSecret("one", pair),
      gateway([https("one.example", { mode: "SIMPLE", credentialName: "one" })]),
      rules("one.example", "rotated"),
    ];
    const renewed = await authority.issue({ names: ["renewed.example", "one.example"] });
    const asked = { host: "one.example", ca: authority.certificate };
    const port = await apply(documents(one), EDGE);
    expect((await askTls({ ...asked, port })).certificate).toBe("one.example");
    expect(await apply(documents(renewed), EDGE)).toBe(port);
    await expect.poll(async () => (await askTls({ ...asked, port })).certificate).toBe("renewed.example");

    const log = mesh.envoy.log.join("\n");
    expect(log).not.toContain("PRIVATE KEY");
    expect(log).not.toContain(renewed.key.split("\n")[1]);
  });

  test("files of others: of a folder for each Secret, and named by a rule; changed by a move", async () => {
    // As Kubernetes mounts a Secret.
    const mounted = path.join(folder, target, "one");
    const put = async (generation: string, { certificate, key }: Pair) => {
      await mkdir(path.join(mounted, generation), { recursive: true });
      await writeFile(path.join(mounted, generation, "tls.crt"), certificate);
      await writeFile(path.join(mounted, generation, "tls.key"), key);
      await symlink(generation, path.join(mounted, "..new"));
      await rename(path.join(mounted, "..new"), path.join(mounted, "..data"));
    };
    await put("..1", one);
    for (const name of ["tls.crt", "tls.key"]) {
      await symlink(`..data/${name}`, path.join(mounted, name));
    }
    const port = await apply(
      [
        gateway([
          https("one.example", { mode: "SIMPLE", credentialName: "one" }),
          https(
            "also.example",
            {
              mode: "SIMPLE",
              serverCertificate: path.join(mounted, "tls.crt"),
              privateKey: path.join(mounted, "tls.key"),
            },
            "https-files",
          ),
        ]),
        rules("one.example", "mounted"),
      ],
      EDGE,
      { secretsDirectory: path.dirname(mounted) },
    );
    const ca = authority.certificate;
    expect((await askTls({ port, host: "one.example", ca })).body).toBe("mounted");
    const renewed = await authority.issue({ names: ["renewed.example", "one.example", "also.example"] });
    await put("..2", renewed);
    for (const host of ["one.example", "also.example"]) {
      await expect.poll(async () => (await askTls({ port, host, ca })).certificate).toBe("renewed.example");
    }
  });

  test("httpsRedirect: every host of the server, with and without rules, keeps its port", async () => {
    const port = await apply(
      [
        gateway([
          {
            port: { number: 80, name: "http", protocol: "HTTP" },
            hosts: ["one.example", "*.two.example"],
            tls: { httpsRedirect: true },
          },
          { port: { number: 80, name: "http-2", protocol: "HTTP" }, hosts: ["plain.example"] },
        ]),
        rules("one.example", "never"),
        rules("plain.example", "plain"),
      ],
      "gateway_80",
    );
    for (const [host, location] of [
      ["one.example", "https://one.example/x?y"],
      ["one.example:80", "https://one.example:80/x?y"],
      ["a.two.example:8080", "https://a.two.example:8080/x?y"],
    ] as const) {
      for (const method of ["GET", "POST"]) {
        const headers = { "x-forwarded-proto": "https" };
        const answer = await ask(port, { method, host, path: "/x?y", headers });
        expect([answer.status, answer.headers.location]).toEqual([301, [location]]);
      }
    }
    expect((await ask(port, { host: "plain.example", path: "/" })).body).toBe("plain");
    expect((await ask(port, { host: "two.example", path: "/" })).status).toBe(404);
  });

  test("httpsRedirect of a server with TLS: who asks it is there already", async () => {
    const documents = [
      tlsSecret("one", one),
      gateway([https("one.example", { mode: "SIMPLE", credentialName: "one", httpsRedirect: true })]),
      rules("one.example", "served"),
    ];
    const port = await apply(documents, EDGE);
    const answer = await askTls({ port, host: "one.example", ca: authority.certificate });
    expect(answer).toMatchObject({ status: 200, body: "served" });
  });

  test("a redirect's port, where the server speaks TLS: that of https is the one that is not written", async () => {
    const tls = { mode: "SIMPLE", credentialName: "one" };
    const documents = [
      tlsSecret("one", one),
      gateway([
        https("one.example", tls),
        { ...https("one.example", tls, "https-alt"), port: { number: 8443, name: "alt", protocol: "HTTPS" } },
      ]),
      JSON.stringify({
        apiVersion: "networking.istio.io/v1",
        kind: "VirtualService",
        metadata: { name: "moved", namespace: "default" },
        spec: {
          hosts: ["one.example"],
          gateways: ["edge"],
          http: [
            { match: [{ uri: { prefix: "/derived" } }], redirect: { derivePort: "FROM_REQUEST_PORT" } },
            { match: [{ uri: { prefix: "/443" } }], redirect: { port: 443 } },
            { match: [{ uri: { prefix: "/plain" } }], redirect: { port: 443, scheme: "http" } },
            { redirect: { port: 80 } },
          ],
        },
      }),
    ];
    const locations = async (port: number, host: string) => {
      const all: unknown[] = [];
      for (const path of ["/derived", "/443", "/plain", "/80"]) {
        const question = { port, host, servername: "one.example", path, ca: authority.certificate };
        all.push((await askTls(question)).headers.location);
      }
      return all;
    };
    expect(await locations(await apply(documents, EDGE), "one.example")).toEqual([
      "https://one.example/derived",
      "https://one.example/443",
      "http://one.example:443/plain",
      "https://one.example:80/80",
    ]);
    const alternative = await apply(documents, "gateway_8443_alt_edge_default");
    expect(await locations(alternative, "one.example:8443")).toEqual([
      "https://one.example:8443/derived",
      "https://one.example:8443/443",
      "http://one.example:443/plain",
      "https://one.example:80/80",
    ]);
  });
});
