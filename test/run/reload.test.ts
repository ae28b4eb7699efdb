/** The reload sequence against a real Envoy, for both targets: no request is lost, and a bad change changes nothing. */

import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer, type Server } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Action, Cluster, Config, CorsPolicy, Fault, Forward, Listener } from "../../compiler/ir/ir.ts";
import type { Target } from "../../compiler/options.ts";
import { NEWEST_ENVOY, OLDEST_ENVOY } from "../../compiler/platform/version.ts";
import { BOOTSTRAP_FILE, type FolderBuild, filesOf } from "../../compiler/run/delivery/folder/build.ts";
import { FolderDelivery } from "../../compiler/run/delivery/folder/folder-delivery.ts";
import { writeOutput } from "../../compiler/run/delivery/write.ts";
import { findEnvoy } from "../../compiler/run/envoy/find.ts";
import { type EnvoyProcess, startEnvoy } from "../../compiler/run/envoy/start.ts";
import { buildOf } from "../harness/build.ts";
import { freePort } from "../harness/ports.ts";

let folder: string;
let envoy: EnvoyProcess;
let delivery: FolderDelivery;
const upstreams: Server[] = [];

beforeEach(async () => {
  target = "native";
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-reload-test-"));
});

afterEach(async () => {
  await envoy.stop();
  for (const upstream of upstreams.splice(0)) {
    upstream.closeAllConnections();
    upstream.close();
  }
  await rm(folder, { recursive: true, force: true });
});

async function upstream(name: string): Promise<number> {
  const server = createHttpServer((_request, response) => void setTimeout(() => response.end(name), 5));
  upstreams.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const cluster = (name: string, ...ports: number[]): Cluster => ({
  name,
  discovery: {
    kind: "eds",
    endpoints: ports.map((port) => ({ address: "127.0.0.1", port, weight: 1 })),
  },
  protocol: "http1",
  connectTimeoutMs: 1000,
  loadBalancer: { kind: "roundRobin" },
  limits: {},
});

const forward = (name: string): Action => ({
  kind: "forward",
  destinations: [{ cluster: name, weight: 1 }],
  timeoutMs: 0,
  retry: {
    attempts: 0,
    perTryTimeoutMs: 0,
    retryOn: [],
    retriableStatusCodes: [],
    avoidPreviousHosts: true,
    avoidPreviousPriorities: false,
  },
});

const listener = (name: string, port: number, action: Action, fault?: Fault): Listener => ({
  name,
  role: "mesh",
  address: "127.0.0.1",
  port,
  routes: {
    ignorePortInHost: false,
    virtualHosts: [
      {
        name: "*",
        domains: ["*"],
        routes: [{ name: "", match: { headers: [], queryParams: [] }, ...(fault && { fault }), action }],
      },
    ],
  },
});

const ANY_ORIGIN: CorsPolicy = {
  allowOrigins: [{ kind: "prefix", value: "" }],
  allowMethods: "",
  allowHeaders: "",
  exposeHeaders: "",
  allowCredentials: false,
  forwardUnmatchedPreflights: true,
};

let target: Target = "native";

const emit = (config: Config, spoil?: (blob: Uint8Array) => void): Promise<FolderBuild> =>
  buildOf(config, { target }, folder, spoil);

async function start(config: Config, version = NEWEST_ENVOY): Promise<FolderBuild> {
  const build = await emit(config);
  await writeOutput(folder, filesOf(build));
  const binary = await findEnvoy({ log: () => {}, version });
  envoy = await startEnvoy({ binary, configPath: path.join(folder, BOOTSTRAP_FILE), concurrency: 2 });
  delivery = new FolderDelivery({ directory: folder, envoy, build });
  return build;
}

const ask = async (port: number) => {
  const response = await fetch(`http://127.0.0.1:${port}/`);
  return response.ok ? response.text() : `status ${response.status}`;
};

const clusterNames = async () =>
  ((await envoy.admin.clusters()) as { cluster_statuses: { name: string }[] }).cluster_statuses
    .map(({ name }) => name)
    .sort();

/** Asks without pause from several clients until told to stop; gives what was answered how often. */
function load(port: number): () => Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  let stop = false;
  const clients = Array.from({ length: 8 }, async () => {
    while (!stop) {
      const answer = await ask(port).catch((error: Error) => `error ${error.message}`);
      seen.set(answer, (seen.get(answer) ?? 0) + 1);
    }
  });
  return async () => {
    stop = true;
    await Promise.all(clients);
    return seen;
  };
}

const CASES = [
  ["wasm", NEWEST_ENVOY],
  ["wasm", OLDEST_ENVOY],
  ["native", NEWEST_ENVOY],
] as const;

describe.each(CASES)("%s in Envoy %s", (caseTarget, version) => {
  beforeEach(() => {
    target = caseTarget;
  });

  test("routes, clusters and listeners come and go", async () => {
    const [mesh, edge] = [await freePort(), await freePort()];
    const [one, two] = [await upstream("one"), await upstream("two")];
    const before = await start(
      { listeners: [listener("mesh", mesh, forward("a"))], clusters: [cluster("a", one)] },
      version,
    );
    expect(await ask(mesh)).toBe("one");

    const after = await emit({
      listeners: [listener("gateway_80", edge, forward("b")), listener("mesh", mesh, forward("b"))],
      clusters: [cluster("b", two)],
    });
    const logBefore = envoy.log.length;
    expect(await delivery.changeTo(after, { drainMs: 100 })).toMatchObject({ kind: "reloaded" });
    expect(await ask(mesh)).toBe("two");
    expect(await ask(edge)).toBe("two");
    expect(await clusterNames()).toEqual(["b"]);

    expect(await delivery.changeTo(before, { drainMs: 100 })).toMatchObject({ kind: "reloaded" });
    expect(await ask(mesh)).toBe("one");
    expect((await envoy.admin.listeners()).map(({ name }) => name)).toEqual(["mesh"]);
    // Envoy had nothing to complain of.
    expect(envoy.log.slice(logBefore)).toEqual([]);
  });

  test("no request is lost while rules change under load", async () => {
    const port = await freePort();
    const ports = [await upstream("0"), await upstream("1"), await upstream("2")];
    const config = (i: number): Config => ({
      listeners: [listener("mesh", port, forward(`c${i}`))],
      clusters: [cluster(`c${i}`, ports[i % 3]!)],
    });
    await start(config(0), version);
    const stopLoad = load(port);
    for (let i = 1; i <= 10; i++) {
      const result = await delivery.changeTo(await emit(config(i)), { drainMs: 200 });
      expect(result).toMatchObject({ kind: "reloaded" });
    }
    const seen = await stopLoad();
    expect([...seen.keys()].sort()).toEqual(["0", "1", "2"]);
    expect(await clusterNames()).toEqual(["c10"]);
  });

  test("no request is lost while route classes change, and the filters that they need come and go", async () => {
    const port = await freePort();
    const clusters = [cluster("a", await upstream("one"))];
    const config = (i: number): Config => {
      const mesh = listener("mesh", port, forward("a"));
      const [host] = mesh.routes.virtualHosts;
      const routes = host!.routes.map((route) => ({
        ...route,
        statPrefix: `version${i}`,
        ...(i % 2 === 1 && { cors: ANY_ORIGIN }),
      }));
      return {
        listeners: [{ ...mesh, routes: { ...mesh.routes, virtualHosts: [{ ...host!, routes }] } }],
        clusters,
      };
    };
    await start(config(0), version);
    const stopLoad = load(port);
    for (let i = 1; i <= 6; i++) {
      const result = await delivery.changeTo(await emit(config(i)), { drainMs: 100 });
      expect(result).toMatchObject({ kind: "reloaded", removed: true });
    }
    expect([...(await stopLoad()).keys()]).toEqual(["one"]);
    expect(envoy.log).toEqual([]);
  });

  test("no request is lost while a cluster is balanced in other ways", async () => {
    const port = await freePort();
    const upstreams = [await upstream("up"), await upstream("up")];
    const policies: readonly Partial<Cluster>[] = [
      { loadBalancer: { kind: "ringHash", minimumRingSize: 64 } },
      { loadBalancer: { kind: "maglev", tableSize: 251 }, outlierDetection: { minHealthPercent: 0 } },
      { loadBalancer: { kind: "random" }, byLocalityWeight: true },
      { limits: { maxRequests: 1000 }, maxRequestsPerConnection: 3 },
    ];
    const config = (i: number): Config => ({
      listeners: [
        listener("mesh", port, {
          ...(forward("a") as Forward),
          ...(i % 4 < 2 && { hash: [{ kind: "header", name: `x-${i}` }] }),
        }),
      ],
      clusters: [{ ...cluster("a", ...upstreams), ...policies[i % 4] }],
    });
    await start(config(0), version);
    const stopLoad = load(port);
    for (let i = 1; i <= 8; i++) {
      const result = await delivery.changeTo(await emit(config(i)), { drainMs: 100 });
      expect(result).toMatchObject({ kind: "reloaded" });
    }
    expect([...(await stopLoad()).keys()]).toEqual(["up"]);
    expect(envoy.log).toEqual([]);
  });
});

test("endpoints change without touching their cluster", async () => {
  const port = await freePort();
  const [one, two] = [await upstream("one"), await upstream("two")];
  const config = (endpoint: number): Config => ({
    listeners: [listener("mesh", port, forward("a"))],
    clusters: [cluster("a", endpoint)],
  });
  await start(config(one));
  expect(await delivery.changeTo(await emit(config(two)))).toMatchObject({ kind: "reloaded" });
  for (let i = 0; i < 50 && (await ask(port)) !== "two"; i++) {
    await sleep(20);
  }
  expect(await ask(port)).toBe("two");
  expect((await envoy.admin.stats("cluster_modified")).get("cluster_manager.cluster_modified")).toBe(0);
});

test("a step that Envoy rejects leaves the old rules, and says why in Envoy's words", async () => {
  const port = await freePort();
  const one = await upstream("one");
  await start({
    listeners: [listener("mesh", port, forward("a"))],
    clusters: [cluster("a", one)],
  });
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const takenPort = (taken.address() as AddressInfo).port;
  try {
    const after = await emit({
      listeners: [
        listener("gateway_80", takenPort, forward("b")),
        listener("mesh", port, { kind: "directResponse", status: 200, body: "new" }),
      ],
      clusters: [cluster("b", one)],
    });
    const result = await delivery.changeTo(after);
    expect(result).toMatchObject({ kind: "rejected", step: "listeners" });
    expect(result.kind === "rejected" && result.words.join("\n")).toContain(String(takenPort));
  } finally {
    await new Promise((resolve) => taken.close(resolve));
  }
  expect(await ask(port)).toBe("one");
  expect(await clusterNames()).toEqual(["a"]);

  // And the next good change goes through.
  const better = await emit({
    listeners: [listener("mesh", port, { kind: "directResponse", status: 200, body: "better" })],
    clusters: [cluster("a", one)],
  });
  expect(await delivery.changeTo(better)).toMatchObject({ kind: "reloaded" });
  expect(await ask(port)).toBe("better");
});

test("what only a start can change is told apart", async () => {
  const port = await freePort();
  const config = { listeners: [listener("mesh", port, forward("a"))], clusters: [cluster("a", 1)] };
  await start(config);
  expect(await delivery.changeTo(await emit(config))).toEqual({ kind: "unchanged" });
  const build = await emit(config);
  const elsewhere = { ...build, bootstrap: { ...build.bootstrap, node: { id: "other", cluster: "other" } } };
  expect(await delivery.changeTo(elsewhere)).toEqual({ kind: "restartNeeded" });
});

test("a program that the filter refuses is never used, and no request notices", async () => {
  target = "wasm";
  const port = await freePort();
  const config: Config = {
    listeners: [listener("mesh", port, forward("a"))],
    clusters: [cluster("a", await upstream("one"))],
  };
  await start(config);
  const stopLoad = load(port);
  await sleep(100);
  const changed: Config = { ...config, listeners: [listener("mesh", port, forward("b"))] };
  const spoilt = await emit(changed, (blob) => {
    blob[blob.length - 1]! ^= 1;
  });
  const result = await delivery.changeTo(spoilt);
  expect(result).toMatchObject({ kind: "rejected", step: "rules" });
  expect(result.kind === "rejected" && result.words.join("\n")).toContain("checksum");
  await sleep(100);
  expect([...(await stopLoad()).keys()]).toEqual(["one"]);
});

test("a request that waits is sent where the old rules said, also when newer rules hurry", async () => {
  target = "wasm";
  const port = await freePort();
  const [one, two] = [await upstream("one"), await upstream("two")];
  const delayed = listener("mesh", port, forward("a"), { delay: { fixedMs: 1_200, perMillion: 1_000_000 } });
  await start({ listeners: [delayed], clusters: [cluster("a", one)] });
  const waiting = ask(port);
  await sleep(200);

  const hurry = new AbortController();
  const after = await emit({
    listeners: [listener("mesh", port, forward("b"))],
    clusters: [cluster("b", two)],
  });
  const onServing = () => hurry.abort();
  const first = await delivery.changeTo(after, { drainMs: 60_000, hurry: hurry.signal, onServing });
  expect(first).toMatchObject({ kind: "reloaded", removed: false });
  expect(await ask(port)).toBe("two");
  expect(await clusterNames()).toEqual(["a", "b"]);
  expect(await waiting).toBe("one");

  const second = await delivery.changeTo(after, { drainMs: 0 });
  expect(second).toMatchObject({ kind: "reloaded", removed: true });
  expect(await clusterNames()).toEqual(["b"]);
});
