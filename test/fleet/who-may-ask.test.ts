/** Who may be which proxy, over the wire: certificates, tokens, and what a client gets that asks for what is not its own. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type StatusObject,
  status,
} from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  createWorkspace,
  DEFAULT_PLAN,
  Fleet,
  FleetClient,
  type FleetServer,
  FleetTelemetry,
  fleetBootstrap,
  fleetRules,
  type IdentityFiles,
  serveFleet,
  texts,
} from "../../compiler/index.ts";
import { bytesOf } from "../../compiler/run/delivery/output-files.ts";
import { Authority, type Pair, tlsSecret } from "../harness/authority.ts";
import { createWire, type ReceivedResponse, type Wire } from "../harness/fleet/wire.ts";
import { freePort } from "../harness/ports.ts";
import { joinEnvoy } from "./joined-envoy.ts";

const HOST = "fleet.example";
const ADDRESS = "127.66.3.1";
const TOKEN = "token-of-the-whole-fleet";
const METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
const TYPES = {
  cluster: "envoy.config.cluster.v3.Cluster",
  listener: "envoy.config.listener.v3.Listener",
  endpoints: "envoy.config.endpoint.v3.ClusterLoadAssignment",
  routes: "envoy.config.route.v3.RouteConfiguration",
  extension: "envoy.config.core.v3.TypedExtensionConfig",
  secret: "envoy.extensions.transport_sockets.tls.v3.Secret",
};

/** Of each namespace a gateway with a key, and a host that nobody else may know of. */
const rulesOf = (namespace: string) => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: ${namespace} }
spec:
  selector: { app: ${namespace}-edge }
  servers:
    - port: { number: 8443, name: https, protocol: HTTPS }
      hosts: ["${namespace}.example"]
      tls: { mode: SIMPLE, credentialName: ${namespace}-key }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: private, namespace: ${namespace} }
spec:
  hosts: [${namespace}.internal]
  exportTo: ["."]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: 127.66.9.9 }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge, namespace: ${namespace} }
spec:
  hosts: ["${namespace}.example"]
  gateways: [edge]
  http: [{ name: ${namespace}-rule, route: [{ destination: { host: ${namespace}.internal } }] }]
`;

let folder: string;
let authority: Authority;
let wire: Wire;
let fleet: Fleet;
let server: FleetServer | undefined;
let httpServer: string;
const lines: string[] = [];
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-who-"));
  authority = await Authority.create("fleet");
  wire = await createWire();
  lines.length = 0;
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
  await rm(folder, { recursive: true, force: true });
});

async function write(name: string, text: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, text);
  return file;
}

async function tls(): Promise<IdentityFiles> {
  const { certificate, key } = await authority.issue({ names: [HOST, "localhost"] });
  return {
    certificate: await write("server.crt", certificate),
    key: await write("server.key", key),
    clientCa: await write("clients.crt", authority.certificate),
  };
}

async function serve(identity: IdentityFiles, http = `${ADDRESS}:0`): Promise<void> {
  const keys = await Promise.all(
    ["shop", "bank"].map((name) => authority.issue({ names: [`${name}.example`] })),
  );
  const workspace = createWorkspace({
    source: texts({
      "shop.yaml": rulesOf("shop"),
      "bank.yaml": rulesOf("bank"),
      "shop-key.yaml": tlsSecret("shop-key", keys[0]!, undefined, "shop"),
      "bank-key.yaml": tlsSecret("bank-key", keys[1]!, undefined, "bank"),
    }),
    proxies: { fleet: { meshPort: await freePort(), listenAddress: ADDRESS } },
  });
  const telemetry = new FleetTelemetry();
  fleet = await Fleet.create({
    rules: fleetRules(workspace),
    plan: { ...DEFAULT_PLAN, waves: ["100%"], bakeMs: 0 },
    onEvent: (event) => telemetry.tell(event),
  });
  await fleet.start();
  server = await serveFleet({
    fleet,
    listen: `${ADDRESS}:0`,
    identity,
    http: { listen: http, telemetry },
    onProblem: (line) => lines.push(line),
  });
  httpServer = `http://${ADDRESS}:${server.httpPort}`;
  closing.push(
    () => workspace.dispose(),
    () => fleet.close(),
    () => server?.close(),
  );
}

const identityOf = (namespace: string) =>
  authority.issue({ names: [], uris: [`spiffe://cluster.local/ns/${namespace}/sa/proxy`] });

interface Proof {
  readonly pair?: Pair;
  readonly token?: string;
  /** Whom the client trusts. */
  readonly trusts?: Authority;
}

/** A client that says what it likes, and keeps what it is told. */
class Stranger {
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly told: ReceivedResponse[] = [];
  ended: StatusObject | undefined;

  constructor({ pair, token, trusts = authority }: Proof) {
    const client = new Client(
      `${ADDRESS}:${server!.port}`,
      pair === undefined && token !== undefined
        ? credentials.createInsecure()
        : credentials.createSsl(
            Buffer.from(trusts.certificate),
            pair ? Buffer.from(pair.key) : null,
            pair ? Buffer.from(pair.certificate) : null,
          ),
      {
        "grpc.ssl_target_name_override": HOST,
        "grpc.default_authority": HOST,
        "grpc.use_local_subchannel_pool": 1,
      },
    );
    const metadata = new Metadata();
    if (token !== undefined) {
      metadata.set("authorization", `Bearer ${token}`);
    }
    const asIs = (bytes: Buffer) => bytes;
    this.#call = client.makeBidiStreamRequest(METHOD, asIs, asIs, metadata);
    this.#call.on("error", () => {});
    this.#call.on("status", (given) => {
      this.ended = given;
    });
    this.#call.on("data", (bytes: Buffer) => {
      const response = wire.readResponse(bytes);
      this.told.push(response);
      this.#say({ typeUrl: wire.typeUrl(response.type), responseNonce: response.nonce });
    });
    closing.push(() => {
      this.#call.cancel();
      client.close();
    });
  }

  join(id: string, namespace: string): this {
    const node = { id, metadata: { NAMESPACE: namespace, LABELS: { app: `${namespace}-edge` } } };
    this.#say({ node, typeUrl: wire.typeUrl(TYPES.cluster) });
    this.#say({ typeUrl: wire.typeUrl(TYPES.listener) });
    return this;
  }

  ask(type: string, names: readonly string[]): void {
    this.#say({ typeUrl: wire.typeUrl(type), resourceNamesSubscribe: names });
  }

  #say(message: object): void {
    this.#call.write(wire.writeRequest(message));
  }

  names(type?: string): string[] {
    const resources = this.told.filter((one) => type === undefined || one.type === type);
    return [...new Set(resources.flatMap((one) => one.resources.map(({ name }) => name)))].sort();
  }

  async end(): Promise<{ readonly code: string; readonly words: string }> {
    await expect.poll(() => this.ended).toBeDefined();
    return { code: status[this.ended!.code], words: this.ended!.details };
  }
}

test("a SPIFFE id is its own namespace's proxy and no other's, by whatever name it asks", async () => {
  await serve(await tls());
  const [shop, bank] = [await identityOf("shop"), await identityOf("bank")];

  const liar = new Stranger({ pair: shop }).join("p1", "bank");
  const words =
    'spiffe://cluster.local/ns/shop/sa/proxy, as proxy "p1", claims namespace "bank"; it may claim namespace shop';
  expect(await liar.end()).toEqual({ code: "PERMISSION_DENIED", words });
  expect(lines.at(-1)).toMatch(/^127\.0\.0\.1:\d+ was sent away: /);
  expect(lines.at(-1)).toContain(words);
  expect(liar.told).toEqual([]);

  const teller = new Stranger({ pair: bank }).join("bank-1", "bank");
  const keeper = new Stranger({ pair: shop }).join("shop-1", "shop");
  for (const one of [teller, keeper]) {
    await expect.poll(() => one.names(TYPES.cluster)).not.toEqual([]);
    await expect.poll(() => one.names(TYPES.listener)).not.toEqual([]);
  }
  expect(teller.names(TYPES.cluster).filter((name) => name.includes("bank.internal"))).not.toEqual([]);
  expect(keeper.names(TYPES.cluster).filter((name) => name.includes("bank"))).toEqual([]);

  // Everything that the other has, by its name.
  const listeners = teller.names(TYPES.listener);
  const guesses: Readonly<Record<string, readonly string[]>> = {
    [TYPES.endpoints]: teller.names(TYPES.cluster),
    [TYPES.routes]: listeners,
    [TYPES.extension]: [...listeners, ...listeners.map((name) => `sluice.${name}`), "bank-rule"],
    [TYPES.secret]: ["bank-key", "kubernetes://bank-key", "bank/bank-key", "kubernetes://bank/bank-key"],
    [TYPES.cluster]: teller.names(TYPES.cluster),
    [TYPES.listener]: listeners,
  };
  for (const [type, names] of Object.entries(guesses)) {
    for (const one of [teller, keeper]) {
      one.ask(type, names);
    }
  }
  const needed = new Set(
    teller.told.flatMap(({ resources }) => resources.flatMap(({ needs }) => [...needs].flat(2))),
  );
  for (const one of [teller, keeper]) {
    one.ask(TYPES.secret, [...needed]);
    one.ask(TYPES.extension, [...needed]);
  }
  for (const type of Object.values(TYPES).filter((one) => one !== TYPES.routes)) {
    await expect.poll(() => teller.names(type), { message: `the owner of ${type} gets it` }).not.toEqual([]);
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(keeper.ended).toBeUndefined();
  const got = keeper.told
    .filter(({ type }) => type !== TYPES.endpoints)
    .flatMap(({ resources }) => resources.map(({ name }) => name));
  expect(got.filter((name) => /bank/.test(name))).toEqual([]);

  // An id belongs to whoever has it.
  const thief = new Stranger({ pair: shop }).join("bank-1", "shop");
  expect((await thief.end()).words).toMatch(/claims the id "bank-1", which another client's proxy has/);
  expect(teller.ended).toBeUndefined();

  // Without a certificate there is not even a stream, and from another authority neither.
  expect((await new Stranger({}).join("p2", "shop").end()).code).toBe("UNAVAILABLE");
  const other = await Authority.create("other");
  const pair = await other.issue({ names: [], uris: ["spiffe://cluster.local/ns/shop/sa/proxy"] });
  expect((await new Stranger({ pair }).join("p2", "shop").end()).code).toBe("UNAVAILABLE");
});

test("a certificate is renewed and an authority replaced while proxies stay", async () => {
  const files = await tls();
  await serve(files);
  const before = new Stranger({ pair: await identityOf("shop") }).join("old", "shop");
  await expect.poll(() => before.names()).not.toEqual([]);
  const next = await Authority.create("next");
  const { certificate, key } = await next.issue({ names: [HOST] });
  await writeFile(files.certificate!, certificate);
  await writeFile(files.key!, key);
  await writeFile(files.clientCa!, next.certificate);
  const pair = await next.issue({ names: [], uris: ["spiffe://cluster.local/ns/shop/sa/proxy"] });
  await vi.waitFor(
    async () => {
      const after = new Stranger({ pair, trusts: next }).join("new", "shop");
      await expect.poll(() => after.names().length > 0 || after.ended !== undefined).toBe(true);
      expect(after.names()).not.toEqual([]);
    },
    { timeout: 30_000, interval: 200 },
  );
  expect(before.ended).toBeUndefined();
  expect(lines.filter((line) => line.includes("stays in effect"))).toEqual([]);
});

test("a token that is taken away ends its streams, and a clients file says what one may claim", async () => {
  const tokens = await write("tokens", TOKEN);
  await write("bank.token", "token-of-the-bank-alone");
  const clients = await write(
    "clients.yaml",
    "clients:\n  - tokenFile: bank.token\n    namespaces: [bank]\n    labels: { app: bank-* }\n",
  );
  await serve({ tokens, clients });
  const anybody = new Stranger({ token: TOKEN }).join("p1", "shop");
  const banker = new Stranger({ token: "token-of-the-bank-alone" }).join("p2", "bank");
  for (const one of [anybody, banker]) {
    await expect.poll(() => one.names()).not.toEqual([]);
  }
  expect(await new Stranger({ token: "token-of-the-bank-alone" }).join("p3", "shop").end()).toEqual({
    code: "PERMISSION_DENIED",
    words:
      'the client with the token of bank.token, as proxy "p3", claims namespace "shop"; it may claim namespace bank',
  });
  expect((await new Stranger({ token: "somebody-else-altogether" }).join("p4", "shop").end()).code).toBe(
    "UNAUTHENTICATED",
  );
  await writeFile(tokens, "another-token-of-the-fleet");
  expect((await anybody.end()).code).toBe("UNAUTHENTICATED");
  expect(banker.ended).toBeUndefined();

  // What may be read on this machine may be changed with a token only.
  await expect(new FleetClient({ server: httpServer }).promote()).rejects.toThrow(/needs a token/);
  const operator = new FleetClient({ server: httpServer, token: "another-token-of-the-fleet" });
  await expect(operator.promote()).rejects.toThrow(/roll-out/);
});

test("who asks over HTTP from elsewhere does so by TLS, and with a token", async () => {
  const files = await tls();
  await serve({ ...files, httpTokens: await write("operators", TOKEN) }, "0.0.0.0:0");
  const asked = (trusts: Authority, token?: string) =>
    new FleetClient({
      server: `https://localhost:${server!.httpPort}`,
      authorities: trusts.certificate,
      ...(token !== undefined && { token }),
    }).status();
  expect(await asked(authority, TOKEN)).toHaveProperty("revision");
  await expect(asked(authority)).rejects.toMatchObject({ status: 401 });
  const next = await Authority.create("next");
  await expect(asked(next, TOKEN)).rejects.toThrow(/cannot ask/);
  const { certificate, key } = await next.issue({ names: ["localhost"] });
  await writeFile(files.certificate!, certificate);
  await writeFile(files.key!, key);
  await expect.poll(() => asked(next, TOKEN), { interval: 200 }).toHaveProperty("revision");
});

test("an Envoy joins by its certificate, and is asked how it decides", { timeout: 120_000 }, async () => {
  await serve(await tls());
  const { certificate, key } = await identityOf("shop");
  const options = {
    server: [`${ADDRESS}:${server!.port}`],
    id: "shop-1",
    namespace: "shop",
    labels: { app: "shop-edge" },
    portMap: new Map([[8443, await freePort()]]),
    tlsCa: await write("ca.crt", authority.certificate),
    tlsCert: await write("proxy.crt", certificate),
    tlsKey: await write("proxy.key", key),
    tlsServerName: HOST,
    file: path.join(folder, "shop-1.json"),
  };
  for (const [name, contents] of fleetBootstrap(options)) {
    await writeFile(path.join(folder, name), bytesOf(contents));
  }
  const envoy = await joinEnvoy(folder, options);
  closing.push(() => envoy.stop(0));
  const client = new FleetClient({ server: httpServer });
  const { revision } = await client.status();
  expect(await client.wait(revision!.slice(0, 8), 60_000)).toEqual({
    outcome: "reached",
    revision,
    proxies: 1,
    acknowledged: 1,
  });
  expect(await client.proxies()).toMatchObject([{ id: "shop-1", namespace: "shop", state: "current" }]);
  const { explanation } = await client.explain("shop-1", "GET https://shop.example/");
  expect(explanation.rule).toMatchObject({ resource: "VirtualService shop/edge" });
  await expect(
    client.explain("shop-1", "GET https://shop.example/", { at: "nowhere" }),
  ).rejects.toMatchObject({
    status: 400,
  });
  const metrics = await (await fetch(`${httpServer}/metrics`)).text();
  expect(metrics).toMatch(/^sluice_proxies\{scope=".*",state="current"\} 1$/m);
  expect(metrics).toMatch(/^sluice_change_to_ack_seconds_count 1$/m);
  expect(Number(/^sluice_push_bytes_total (\d+)$/m.exec(metrics)![1])).toBeGreaterThan(1000);
});
