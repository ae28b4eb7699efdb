/**
 * What is measured side by side. Every peer is an Envoy with one worker, one listener and the same connection
 * manager; they differ in who decides where a request goes.
 *
 *     none      nobody: one route to the cluster
 *     noop      the same, behind a WebAssembly filter that does nothing
 *     fixed     a WebAssembly filter that reads the headers and always names the same cluster
 *     wasm      our filter
 *     uncounted the same, told not to count requests by rule
 *     native    Envoy's own routes, tried one after another, as Istio writes them
 *     matcher   Envoy's matcher tree, a map; for rules that it can express, which are few
 */

import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Cluster, Endpoint, RouteTable } from "../../compiler/ir/ir.ts";
import { filesOf } from "../../compiler/run/delivery/folder/build.ts";
import type { FileContents } from "../../compiler/run/delivery/output-files.ts";
import { writeOutput } from "../../compiler/run/delivery/write.ts";
import type { EnvoyBinary } from "../../compiler/run/envoy/find.ts";
import { type EnvoyProcess, startEnvoy } from "../../compiler/run/envoy/start.ts";
import { CLUSTER_HEADER } from "../../filter/layout.ts";
import { buildOf } from "../harness/build.ts";
import { freePort } from "../harness/ports.ts";
import { residentBytes } from "./cpu.ts";
import { readyMs } from "./ready.ts";
import { CLUSTER, forward } from "./shapes.ts";
import { writeFixedFilter, writeNoopFilter } from "./yardstick-filters.ts";

export const PEERS = ["none", "noop", "fixed", "wasm", "uncounted", "native", "matcher"] as const;
export type PeerName = (typeof PEERS)[number];

export interface Peer {
  readonly name: PeerName;
  readonly envoy: EnvoyProcess;
  readonly port: number;
  /** From the start of the process until it served. */
  readonly startMs: number;
  readonly residentBytes: number;
  /** Of the routing program; absent for peers that have none. */
  readonly blobBytes?: number;
  /** Until a worker has verified the program and decides by it. */
  readonly readyMs?: number;
  stop(): Promise<void>;
}

const LISTENER = "mesh";
const READY_TIMEOUT_MS = 180_000;

/** Peers that cost the same whatever the rules are. */
export function isConstant(name: PeerName): boolean {
  return name === "none" || name === "noop" || name === "fixed";
}

/** Starts a peer; `undefined` when it cannot express the rules. */
export async function startPeer(
  name: PeerName,
  rules: RouteTable,
  upstream: Endpoint | undefined,
  binary: EnvoyBinary,
): Promise<Peer | undefined> {
  const matcher = name === "matcher" ? matcherTree(rules) : undefined;
  if (name === "matcher" && matcher === undefined) {
    return undefined;
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-bench-"));
  const port = await freePort();
  const directory = path.join(folder, "build");
  const isOurs = name === "wasm" || name === "uncounted";
  const target = isOurs || name === "fixed" ? "wasm" : "native";
  const ruleCounters = name === "wasm" ? "auto" : "off";
  const routes = isConstant(name) || matcher !== undefined ? ONE_ROUTE : rules;
  const config = {
    listeners: [{ name: LISTENER, role: "mesh" as const, address: "127.0.0.1", port, routes }],
    clusters: [benchCluster(upstream)],
  };
  const build = await buildOf(config, { target, ruleCounters, concurrency: 1 }, directory);
  const blob = build.blobs.get(LISTENER);
  const files = new Map<string, FileContents>(filesOf(build));
  if (isConstant(name)) {
    const file = path.join(folder, `${name}.wasm`);
    if (name === "noop") {
      await writeNoopFilter(file);
    }
    if (name === "fixed") {
      await writeFixedFilter(file, CLUSTER_HEADER, CLUSTER);
    }
    edit(files, "xds/lds.json", (resource) => {
      const manager = resource.filter_chains[0].filters[0].typed_config;
      const router = manager.http_filters.at(-1);
      manager.http_filters = name === "none" ? [router] : [wasmFilter(file), router];
    });
  }
  if (matcher !== undefined) {
    edit(files, "xds/rds/mesh.json", (resource) => {
      const [host] = resource.virtual_hosts;
      delete host.routes;
      host.matcher = matcher;
    });
  }
  await writeOutput(directory, files);
  // Before the process starts: nothing that fails may leave it behind.
  const own = isOurs && { blobBytes: blob!.length, readyMs: readyMs(blob!) };
  const start = performance.now();
  const envoy = await startEnvoy({
    binary,
    configPath: path.join(directory, "envoy.json"),
    concurrency: 1,
    directories: [folder],
    temporaryFolders: [folder],
    readyTimeoutMs: READY_TIMEOUT_MS,
  });
  return {
    name,
    envoy,
    port,
    startMs: performance.now() - start,
    residentBytes: residentBytes(envoy.pid),
    ...own,
    async stop() {
      await envoy.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const ONE_ROUTE: RouteTable = {
  ignorePortInHost: true,
  virtualHosts: [{ name: "all", domains: ["*"], routes: [forward({})] }],
};

function benchCluster(upstream: Endpoint | undefined): Cluster {
  return {
    name: CLUSTER,
    discovery: { kind: "eds", endpoints: upstream === undefined ? [] : [upstream] },
    protocol: "http1",
    connectTimeoutMs: 1000,
    loadBalancer: { kind: "leastRequest" },
    limits: {},
  };
}

// biome-ignore lint/suspicious/noExplicitAny: Envoy's JSON, changed where the emitter has no word for it
type Resource = any;

function edit(files: Map<string, FileContents>, name: string, change: (resource: Resource) => void): void {
  const response = JSON.parse(String(files.get(name)));
  response.resources.forEach(change);
  files.set(name, JSON.stringify(response));
}

function wasmFilter(file: string) {
  return {
    name: "noop",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
      config: {
        name: "noop",
        root_id: "noop",
        vm_config: { vm_id: "noop", runtime: "envoy.wasm.runtime.v8", code: { local: { filename: file } } },
      },
    },
  };
}

/** Only for a table of one host whose rules differ by one kind of path and by nothing else. */
function matcherTree(rules: RouteTable): Resource | undefined {
  const [host, ...others] = rules.virtualHosts;
  if (host === undefined || others.length > 0) {
    return undefined;
  }
  const kind = host.routes[0]?.match.path?.kind;
  const expressible = host.routes.every(
    ({ match }) => match.path?.kind === kind && match.headers.length === 0 && match.queryParams.length === 0,
  );
  // Of nested prefixes a map takes the longest, not the first.
  const values = host.routes.map(({ match }) => (match.path as { value: string } | undefined)?.value ?? "");
  if (!expressible || (kind !== "exact" && kind !== "prefix") || (kind === "prefix" && areNested(values))) {
    return undefined;
  }
  const action = {
    action: {
      name: "route",
      typed_config: {
        "@type": "type.googleapis.com/envoy.config.route.v3.Route",
        match: { prefix: "/" },
        route: { cluster: CLUSTER, timeout: "0s" },
      },
    },
  };
  return {
    matcher_tree: {
      input: {
        name: "path",
        typed_config: {
          "@type": "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput",
          header_name: ":path",
        },
      },
      [kind === "exact" ? "exact_match_map" : "prefix_match_map"]: {
        map: Object.fromEntries(values.map((value) => [value, action])),
      },
    },
  };
}

function areNested(values: readonly string[]): boolean {
  const sorted = [...values].sort();
  return sorted.some((value, i) => i > 0 && value.startsWith(sorted[i - 1]!));
}
