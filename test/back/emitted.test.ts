/** What the emitter writes, judged by an Envoy: accepted, without a word of complaint, and read again when it changes. */

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Config } from "../../compiler/ir/ir.ts";
import type { Target } from "../../compiler/options.ts";
import { startAdsEnvoy } from "../../compiler/run/delivery/ads/ads-envoy.ts";
import { filesOf } from "../../compiler/run/delivery/folder/build.ts";
import { layOut } from "../../compiler/run/delivery/folder/layout.ts";
import type { OutputFiles } from "../../compiler/run/delivery/output-files.ts";
import { writeOutput } from "../../compiler/run/delivery/write.ts";
import { type EnvoyBinary, findEnvoy } from "../../compiler/run/envoy/find.ts";
import { type EnvoyProcess, startEnvoy } from "../../compiler/run/envoy/start.ts";
import { buildOf, compiled, proxyOf } from "../harness/build.ts";
import { KEPT_CONNECTIONS } from "../harness/kept-connections.ts";
import { TARGETS } from "../harness/targets.ts";
import { ENDPOINTS, richConfig } from "./rich-config.ts";

let binary: EnvoyBinary;
let directory: string;
let envoy: EnvoyProcess | undefined;

beforeAll(async () => {
  binary = await findEnvoy({ log: () => {} });
});

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "sluice-config-"));
});

afterEach(async () => {
  await envoy?.stop();
  envoy = undefined;
  await rm(directory, { recursive: true, force: true });
});

describe.each(TARGETS)("target %s", (target) => {
  test("Envoy takes every resource and warns of nothing", async () => {
    const files = await build(richConfig(ENDPOINTS), target);
    if (binary.source !== "docker") {
      const { stderr } = await promisify(execFile)(binary.path, [
        ...["--mode", "validate", "--disable-hot-restart", "--log-level", "warning"],
        ...["--config-path", path.join(directory, "envoy.json")],
      ]);
      expect(stderr.split("\n").filter((line) => line !== "" && !isKnown(line))).toEqual([]);
    }
    envoy = await start();
    await versionsOf(files);
    expect(await nonZero("rejected|update_failure|init_fetch_timeout")).toEqual({});
    expect(await nonZero("membership_total$")).toEqual({
      "cluster.outbound|443||logical.example;.membership_total": 1,
      "cluster.outbound|443||strict.example;.membership_total": 1,
      "cluster.outbound|9080|v1|reviews.default.svc.cluster.local;.membership_total": 4,
      "cluster.outbound|9080|v2|reviews.default.svc.cluster.local;.membership_total": 4,
    });
    expect(complaints(envoy)).toEqual([]);
  });

  test("Envoy takes the same by a stream, and warns of nothing", async () => {
    const config = richConfig(ENDPOINTS);
    const told = await startAdsEnvoy({
      folder: directory,
      binary,
      concurrency: 1,
      build: (builder) => builder.build(compiled(config, { target }), proxyOf({ target })),
    });
    try {
      envoy = told.process;
      expect(await nonZero("rejected|update_failure|init_fetch_timeout")).toEqual({});
      expect((await ask(await portOf("gateway_80"), "/answer")).status).toBe(418);
      const other = richConfig(ENDPOINTS.slice(1), { answer: 420, connectTimeoutMs: 5000 });
      const next = told.builder.build(compiled(other, { target }), proxyOf({ target }));
      expect(await told.live.changeTo(next)).toEqual({ kind: "reloaded" });
      expect((await ask(await portOf("gateway_80"), "/answer")).status).toBe(420);
      expect(complaints(envoy)).toEqual([]);
    } finally {
      await told.stop();
    }
  });

  test("a new build is read by the running listeners", async () => {
    await build(richConfig(ENDPOINTS), target);
    envoy = await start();
    const port = await portOf("gateway_80");
    expect((await ask(port, "/answer")).status).toBe(418);

    const files = await build(
      richConfig(ENDPOINTS.slice(1), { answer: 420, connectTimeoutMs: 5000 }),
      target,
    );
    await versionsOf(files);
    expect((await ask(port, "/answer")).status).toBe(420);
    expect(await nonZero("rejected|update_failure|^listener_manager.listener_(added|modified)$")).toEqual({
      "listener_manager.listener_added": 2,
    });
    expect(complaints(envoy)).toEqual([]);
  });

  test("no more files than Envoy can watch", async () => {
    const { listeners, clusters } = richConfig(ENDPOINTS);
    const many = <T extends { readonly name: string }>(items: readonly T[]) => [
      ...items,
      ...Array.from({ length: 150 }, (_, i) => ({ ...items[0]!, name: `${items[0]!.name}_${i}` })),
    ];
    const files = await build({ listeners: many(listeners), clusters: many(clusters) }, target);
    expect([...files.keys()]).toEqual(["xds/cds.json", "xds/lds.json"]);
    envoy = await start();
    await versionsOf(files);
    expect((await ask(await portOf("gateway_80_149"), "/answer")).status).toBe(418);
    expect(complaints(envoy)).toEqual([]);
  });

  test("a client steers nothing by headers of Envoy or of ours", async () => {
    await withUpstream(target, { status: 503, delayMs: 150 }, async (seen) => {
      for (const listener of ["gateway_80", "mesh"]) {
        seen.length = 0;
        const response = await ask(await portOf(listener), "/x", {
          "x-forwarded-for": "10.0.0.1",
          "x-envoy-upstream-rq-timeout-ms": "20",
          "x-envoy-upstream-rq-per-try-timeout-ms": "20",
          "x-envoy-upstream-stream-duration-ms": "20",
          "x-envoy-expected-rq-timeout-ms": "20",
          "x-envoy-max-retries": "3",
          "x-envoy-retry-on": "5xx",
          "x-envoy-retry-grpc-on": "internal",
          "x-envoy-retriable-status-codes": "503",
          "x-envoy-hedge-on-per-try-timeout": "true",
          "x-sluice-cluster": "outbound|80||empty.example",
          "x-sluice-class": "retry",
        });
        expect(response.status).toBe(503);
        expect(seen).toHaveLength(1);
        const passedOn = Object.keys(seen[0]!).filter((name) => /^x-(sluice|envoy)-/.test(name));
        // What Envoy itself tells the upstream, as istiod has it.
        expect(passedOn.sort()).toEqual(
          listener === "mesh"
            ? ["x-envoy-attempt-count"]
            : ["x-envoy-attempt-count", "x-envoy-external-address"],
        );
      }
    });
  });

  test("a rule's requests are counted under its prefix", async () => {
    await withUpstream(target, { status: 200 }, async () => {
      await ask(await portOf("mesh"), "/classes");
      const stats = await nonZero("route.classes.upstream_rq_total");
      const host = target === "wasm" ? "sluice" : "reviews:80";
      expect(stats).toEqual({ [`vhost.${host}.route.classes.upstream_rq_total`]: 1 });
    });
  });

  test("a rule's retries on a gRPC status", async () => {
    const headers = { "content-type": "application/grpc", "grpc-status": "14" };
    await withUpstream(target, { status: 200, headers }, async (seen) => {
      await ask(await portOf("mesh"), "/retry-grpc", { "content-type": "application/grpc" });
      expect(seen.map((request) => request["x-envoy-attempt-count"])).toEqual(["1", "2"]);
    });
  });
});

interface Answer {
  readonly status: number;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly delayMs?: number;
}

/** Runs Envoy in front of one upstream that always answers the same; `body` gets the requests it received. */
async function withUpstream(
  target: Target,
  answer: Answer,
  body: (seen: http.IncomingHttpHeaders[]) => Promise<void>,
): Promise<void> {
  const seen: http.IncomingHttpHeaders[] = [];
  const upstream = http.createServer(KEPT_CONNECTIONS, (request, response) => {
    seen.push(request.headers);
    setTimeout(() => response.writeHead(answer.status, answer.headers).end(), answer.delayMs ?? 0);
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = upstream.address() as AddressInfo;
    await build(richConfig([{ address: "127.0.0.1", port, weight: 1 }]), target);
    envoy = await start();
    await body(seen);
  } finally {
    upstream.closeAllConnections();
    upstream.close();
  }
}

/** Writes a build of the configuration, over the one before when there is one; gives the files of resources. */
async function build(config: Config, target: Target): Promise<OutputFiles> {
  const made = await buildOf(config, { target }, directory);
  await writeOutput(directory, filesOf(made));
  return layOut(made.resources);
}

function start(): Promise<EnvoyProcess> {
  return startEnvoy({
    binary,
    configPath: path.join(directory, "envoy.json"),
    concurrency: 1,
    // Who asks for more is told of what is deprecated, too.
    logLevel: "info",
  });
}

function complaints({ log }: EnvoyProcess): string[] {
  return log.filter((line) => /\]\[(warning|error|critical)\]/.test(line) && !isKnown(line));
}

/** The one field that is deprecated, and written all the same. */
function isKnown(line: string): boolean {
  return line.includes("RouteAction.max_grpc_timeout");
}

/** Waits until Envoy says that it uses the very resources of these files, each of them. */
async function versionsOf(files: OutputFiles): Promise<void> {
  const wanted = [...files.values()]
    .map((text) => (JSON.parse(String(text)) as { version_info: string }).version_info)
    .sort();
  await vi.waitFor(
    async () => {
      const { body } = await envoy!.admin.get("/stats?filter=version_text");
      const used = [...body.matchAll(/version_text: "(.*)"/g)].map(([, version]) => version).sort();
      expect(used).toEqual(wanted);
    },
    { timeout: 30_000 },
  );
}

async function nonZero(filter: string): Promise<Record<string, number>> {
  const stats = await envoy!.admin.stats(filter);
  return Object.fromEntries([...stats].filter(([, value]) => value !== 0));
}

async function portOf(listener: string): Promise<number> {
  const listeners = await envoy!.admin.listeners();
  return listeners.find(({ name }) => name === listener)!.port;
}

/** One request to the host `reviews`. */
function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number | undefined }> {
  return new Promise((resolve, reject) => {
    const request = http.get(
      { host: "127.0.0.1", port, path, headers: { host: "reviews", ...headers }, agent: false },
      (response) => {
        response.resume().on("end", () => resolve({ status: response.statusCode }));
      },
    );
    request.on("error", reject);
  });
}
