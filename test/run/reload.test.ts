/** The reload sequence against a real Envoy, for both targets: no request is lost, and a bad change changes nothing. */

import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer, type Server } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Action, Cluster, Config, CorsPolicy, Fault, Forward, Listener } from "../../compiler/ir/ir.ts";
import type { Target } from "../../compiler/options.ts";
import { NEWEST_ENVOY, OLDEST_ENVOY } from "../../compiler/platform/version.ts";
import { type AdsEnvoy, startAdsEnvoy } from "../../compiler/run/delivery/ads/ads-envoy.ts";
import type { AdsBuild, AdsBuilder } from "../../compiler/run/delivery/ads/build.ts";
import type { ChangeResult } from "../../compiler/run/delivery/live-configuration.ts";
import { RETIREMENT_TIMES, type RetirementTimes } from "../../compiler/run/delivery/retirement.ts";
import { findEnvoy } from "../../compiler/run/envoy/find.ts";
import type { EnvoyProcess } from "../../compiler/run/envoy/start.ts";
import { compiled, proxyOf } from "../harness/build.ts";
import { Connection } from "../harness/client.ts";
import { KEPT_CONNECTIONS } from "../harness/kept-connections.ts";
import { freePort } from "../harness/ports.ts";

let folder: string;
let running: AdsEnvoy | undefined;
let envoy: EnvoyProcess;
const upstreams: Server[] = [];

beforeEach(async () => {
  target = "native";
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-reload-test-"));
});

afterEach(async () => {
  await running?.stop();
  running = undefined;
  for (const upstream of upstreams.splice(0)) {
    upstream.closeAllConnections();
    upstream.close();
  }
  await rm(folder, { recursive: true, force: true });
});

async function upstream(name: string): Promise<number> {
  const server = createHttpServer(
    KEPT_CONNECTIONS,
    (_request, response) => void setTimeout(() => response.end(name), 5),
  );
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

const build = (builder: AdsBuilder, config: Config, spoil?: (blob: Uint8Array) => void): AdsBuild =>
  builder.build(compiled(config, { target }, spoil), proxyOf({ target }));

/** Old clusters go soon, unless a test says otherwise. */
const SOON: RetirementTimes = { rules: () => 100, connections: 100 };

async function start(
  config: Config,
  version = NEWEST_ENVOY,
  times = SOON,
  more: { readonly stepTimeoutMs?: number } = {},
): Promise<void> {
  running = await startAdsEnvoy({
    ...more,
    folder,
    build: (builder) => build(builder, config),
    times,
    binary: await findEnvoy({ log: () => {}, version }),
    concurrency: 2,
  });
  envoy = running.process;
}

function change(config: Config, spoil?: (blob: Uint8Array) => void): Promise<ChangeResult> {
  return running!.live.changeTo(build(running!.builder, config, spoil));
}

const ask = async (port: number) => {
  const response = await fetch(`http://127.0.0.1:${port}/`);
  return response.ok ? response.text() : `status ${response.status}`;
};

/** Those of rules. */
const clusterNames = async () =>
  ((await envoy.admin.clusters()) as { cluster_statuses: { name: string }[] }).cluster_statuses
    .map(({ name }) => name)
    .filter((name) => name !== "sluice_ads")
    .sort();

/** How many requests Envoy has had at the mesh's listener. */
const requests = () => statistic("http.mesh.downstream_rq_total");

/** Those that Envoy has there now. */
const waitingRequests = () => statistic("http.mesh.downstream_rq_active");

async function statistic(name: string): Promise<number> {
  return (await envoy.admin.stats(`^${name.replaceAll(".", "\\.")}$`)).get(name) ?? 0;
}

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
    const before = { listeners: [listener("mesh", mesh, forward("a"))], clusters: [cluster("a", one)] };
    await start(before, version);
    expect(await ask(mesh)).toBe("one");

    const logBefore = envoy.log.length;
    const after = {
      listeners: [listener("gateway_80", edge, forward("b")), listener("mesh", mesh, forward("b"))],
      clusters: [cluster("b", two)],
    };
    expect(await change(after)).toEqual({ kind: "reloaded" });
    expect(await ask(mesh)).toBe("two");
    expect(await ask(edge)).toBe("two");
    await expect.poll(clusterNames).toEqual(["b"]);

    expect(await change(before)).toEqual({ kind: "reloaded" });
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
      expect(await change(config(i))).toEqual({ kind: "reloaded" });
    }
    const seen = await stopLoad();
    expect([...seen.keys()].sort()).toEqual(["0", "1", "2"]);
    await expect.poll(clusterNames).toEqual(["c10"]);
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
      expect(await change(config(i))).toEqual({ kind: "reloaded" });
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
      expect(await change(config(i))).toEqual({ kind: "reloaded" });
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
  expect(await change(config(two))).toEqual({ kind: "reloaded" });
  await expect.poll(() => ask(port)).toBe("two");
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
    const result = await change({
      listeners: [
        listener("gateway_80", takenPort, forward("b")),
        listener("mesh", port, { kind: "directResponse", status: 200, body: "new" }),
      ],
      clusters: [cluster("b", one)],
    });
    expect(result).toMatchObject({ kind: "rejected", step: "listeners" });
    expect(result.kind === "rejected" && result.words.join("\n")).toContain(String(takenPort));
  } finally {
    await new Promise((resolve) => taken.close(resolve));
  }
  expect(await ask(port)).toBe("one");
  expect(await clusterNames()).toEqual(["a"]);

  // And the next good change goes through.
  const better: Config = {
    listeners: [listener("mesh", port, { kind: "directResponse", status: 200, body: "better" })],
    clusters: [cluster("a", one)],
  };
  expect(await change(better)).toEqual({ kind: "reloaded" });
  expect(await ask(port)).toBe("better");
});

test("what only a start can change is told apart", async () => {
  const port = await freePort();
  const config = { listeners: [listener("mesh", port, forward("a"))], clusters: [cluster("a", 1)] };
  await start(config);
  expect(await change(config)).toEqual({ kind: "unchanged" });
  const { builder, live } = running!;
  const same = build(builder, config);
  const elsewhere = { ...same, bootstrap: { ...same.bootstrap, node: { id: "other", cluster: "other" } } };
  expect(await live.changeTo(elsewhere)).toEqual({ kind: "restartNeeded" });
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
  await expect.poll(requests).toBeGreaterThan(20);
  const changed: Config = { ...config, listeners: [listener("mesh", port, forward("b"))] };
  const result = await change(changed, (blob) => {
    blob[blob.length - 1]! ^= 1;
  });
  expect(result).toMatchObject({ kind: "rejected", step: "rules" });
  expect(result.kind === "rejected" && result.words.join("\n")).toContain("checksum");
  const before = await requests();
  await expect.poll(requests).toBeGreaterThan(before + 20);
  expect([...(await stopLoad()).keys()]).toEqual(["one"]);
});

test("a request that waits is sent where the old rules said, however many newer rules come meanwhile", async () => {
  target = "wasm";
  const port = await freePort();
  const [one, two] = [await upstream("one"), await upstream("two")];
  const delayed = listener("mesh", port, forward("a"), { delay: { fixedMs: 1_200, perMillion: 1_000_000 } });
  let stayMs = 60_000;
  await start({ listeners: [delayed], clusters: [cluster("a", one)] }, NEWEST_ENVOY, {
    rules: () => stayMs,
    connections: 100,
  });
  const changeTo = async (name: string) => {
    const config = { listeners: [listener("mesh", port, forward(name))], clusters: [cluster(name, two)] };
    expect(await change(config)).toEqual({ kind: "reloaded" });
  };
  const waiting = ask(port);
  await expect.poll(waitingRequests).toBe(1);
  for (const name of ["b", "c", "d"]) {
    await changeTo(name);
    expect(await ask(port)).toBe("two");
  }
  expect(await clusterNames()).toEqual(["a", "b", "c", "d"]);
  expect(await waiting).toBe("one");
  // Each goes by its own age: newer changes neither hurry what is older, nor put off what is younger.
  stayMs = 300;
  await changeTo("e");
  let last = "e";
  const namesAfterChange = async () => {
    last = last === "e" ? "f" : "e";
    await changeTo(last);
    return clusterNames();
  };
  await expect.poll(namesAfterChange).not.toContain("d");
  expect(await clusterNames()).toEqual(expect.arrayContaining(["a", "b", "c", last]));
});

test("each try of a request that the old rules decided finds their cluster", async () => {
  target = "wasm";
  const port = await freePort();
  let tries = 0;
  const hanging = createHttpServer(KEPT_CONNECTIONS, (_request, response) => {
    tries += 1;
    if (tries === 3) {
      response.end("third");
    }
  });
  upstreams.push(hanging);
  await new Promise<void>((resolve) => hanging.listen(0, "127.0.0.1", resolve));
  const patient: Action = {
    ...(forward("a") as Forward),
    retry: { ...(forward("a") as Forward).retry, attempts: 2, perTryTimeoutMs: 1_500, retryOn: ["5xx"] },
  };
  const slow = {
    listeners: [listener("mesh", port, patient)],
    clusters: [cluster("a", (hanging.address() as AddressInfo).port)],
  };
  await start(slow, NEWEST_ENVOY, RETIREMENT_TIMES);
  const waiting = ask(port);
  await expect.poll(() => tries).toBe(1);
  const next = {
    listeners: [listener("mesh", port, forward("b"))],
    clusters: [cluster("b", await upstream("two"))],
  };
  expect(await change(next)).toEqual({ kind: "reloaded" });
  expect(await ask(port)).toBe("two");
  expect(await waiting).toBe("third");
});

test("a connection to a port that is closed is served, also when its cluster is removed later", async () => {
  const [mesh, edge] = [await freePort(), await freePort()];
  const [one, two] = [cluster("a", await upstream("one")), cluster("b", await upstream("two"))];
  const stays = listener("mesh", mesh, forward("a"));
  await start(
    { listeners: [stays, listener("gateway_80", edge, forward("b"))], clusters: [one, two] },
    NEWEST_ENVOY,
    RETIREMENT_TIMES,
  );
  const kept = await Connection.open(edge);
  const again = () => kept.request({ host: "a", path: "/" });
  expect((await again()).body).toBe("two");
  expect(await change({ listeners: [stays], clusters: [one, two] })).toEqual({ kind: "reloaded" });
  await expect.poll(() => ask(edge).catch(() => "refused")).toBe("refused");
  expect(await change({ listeners: [stays], clusters: [one] })).toEqual({ kind: "reloaded" });
  await sleep(3_000);
  expect(await again()).toMatchObject({ status: 200, body: "two" });
  kept.close();
});

test("what an Envoy that is stopped serves is unknown until it says so, and a revert reverts", async () => {
  const port = await freePort();
  const rules = (body: string): Config => ({
    listeners: [listener("mesh", port, { kind: "directResponse", status: 200, body })],
    clusters: [],
  });
  await start(rules("old"), NEWEST_ENVOY, SOON, { stepTimeoutMs: 800 });
  const onSilence = vi.fn();
  process.kill(envoy.pid, "SIGSTOP");
  const result = await running!.live.changeTo(build(running!.builder, rules("new")), { onSilence });
  expect(result.kind).toBe("unknown");
  expect(onSilence).toHaveBeenCalledOnce();
  expect((await change(rules("old"))).kind).toBe("unknown");
  process.kill(envoy.pid, "SIGCONT");
  // On a busy machine it may be silent once more.
  await expect.poll(() => change(rules("old"))).toEqual({ kind: "unchanged" });
  expect(await ask(port)).toBe("old");
  await expect.poll(() => change(rules("new"))).toEqual({ kind: "reloaded" });
  expect(await ask(port)).toBe("new");
});

test("a cluster that Envoy never warms is taken back, and the old rules serve", async () => {
  const port = await freePort();
  const one = cluster("a", await upstream("one"));
  await start({ listeners: [listener("mesh", port, forward("a"))], clusters: [one] }, NEWEST_ENVOY, SOON, {
    stepTimeoutMs: 3_000,
  });
  // Rings that Envoy refuses, beside a cluster that warms.
  const bad: Cluster = { ...cluster("b", 1), loadBalancer: { kind: "ringHash", minimumRingSize: 9_000_000 } };
  const result = await change({
    listeners: [listener("mesh", port, forward("b"))],
    clusters: [{ ...one, connectTimeoutMs: 2_000 }, bad],
  });
  expect(result).toMatchObject({ kind: "rejected", step: "clusters" });
  expect(await ask(port)).toBe("one");
  expect(
    await change({
      listeners: [listener("mesh", port, forward("a"))],
      clusters: [{ ...one, connectTimeoutMs: 3_000 }],
    }),
  ).toEqual({
    kind: "reloaded",
  });
});
