/** The server's own Envoy: what it refuses reaches no proxy. */

import { readFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emitResources } from "../../compiler/back/xds/resources.ts";
import { ShadowEnvoy } from "../../compiler/fleet/shadow/shadow-envoy.ts";
import { compile, texts } from "../../compiler/index.ts";
import type { Cluster, Config } from "../../compiler/ir/ir.ts";
import type { ProxyOptions } from "../../compiler/options.ts";
import { EnvironmentError } from "../../compiler/platform/error.ts";
import { filterModulePath } from "../../compiler/platform/package-root.ts";
import { adsPlaces } from "../../compiler/run/delivery/ads/places.ts";
import { drainFactsOf } from "../../compiler/run/delivery/drain-facts.ts";
import type { LiveBuild } from "../../compiler/run/delivery/live-configuration.ts";
import { compiled, proxyOf } from "../harness/build.ts";
import { freePort } from "../harness/ports.ts";

const lines: string[] = [];
let shadow: ShadowEnvoy;
let proxy: ProxyOptions;
let module: Uint8Array;

beforeAll(async () => {
  module = await readFile(filterModulePath());
  proxy = proxyOf({ listenAddress: "127.41.4.1", meshPort: await freePort() });
  shadow = new ShadowEnvoy({ log: (line) => lines.push(line), stepTimeoutMs: 20_000 });
  await shadow.start();
}, 60_000);

afterAll(() => shadow.close());

async function rules(prefix: string): Promise<Config> {
  const { compilation } = await compile({
    source: texts({
      "rules.yaml": `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: a }
spec:
  hosts: [a.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints: [{ address: 127.0.0.1 }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: a }
spec:
  hosts: [a.example]
  http: [{ match: [{ uri: { prefix: ${prefix} } }], route: [{ destination: { host: a.example } }] }]
`,
    }),
    proxy,
  });
  return compilation!.config;
}

function buildOf(config: Config, spoil?: (blob: Uint8Array) => void): LiveBuild {
  const { blobs } = compiled(config, { target: "wasm" }, spoil);
  return {
    drain: drainFactsOf(config),
    filtered: new Set(blobs.keys()),
    bootstrap: {},
    resources: emitResources(config, { ...proxy, blobs, places: adsPlaces(module) }),
  };
}

function withRings(config: Config): Config {
  const ring: Cluster["loadBalancer"] = { kind: "ringHash", minimumRingSize: 9_000_000 };
  return { ...config, clusters: config.clusters.map((one) => ({ ...one, loadBalancer: ring })) };
}

describe("the server's own Envoy", () => {
  test("takes what is right, for one scope after another, and binds no port", {
    timeout: 60_000,
  }, async () => {
    expect(await shadow.take([])).toEqual({ kind: "taken" });
    const builds = [buildOf(await rules("/one")), buildOf(await rules("/two"))];
    expect(await shadow.take(builds)).toEqual({ kind: "taken" });
    const refused = await new Promise<string | undefined>((resolve) => {
      createConnection(proxy.meshPort, proxy.listenAddress)
        .on("connect", () => resolve(undefined))
        .on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    expect(refused).toBe("ECONNREFUSED");
    expect(lines.some((line) => line.startsWith("Envoy "))).toBe(true);
  });

  test("refuses a program that the filter refuses, in the filter's words, and goes on", {
    timeout: 60_000,
  }, async () => {
    const bad = buildOf(await rules("/three"), (blob) => {
      blob[blob.length - 1] = blob[blob.length - 1]! ^ 0xff;
    });
    const answer = await shadow.take([bad]);
    expect(answer).toMatchObject({ kind: "refused", step: "rules" });
    expect(JSON.stringify(answer)).toContain("checksum");
    expect(await shadow.take([buildOf(await rules("/four"))])).toEqual({ kind: "taken" });
  });

  test("says what Envoy does not take without a word, and goes on", { timeout: 60_000 }, async () => {
    const answer = await shadow.take([buildOf(withRings(await rules("/five")))]);
    expect(answer).toMatchObject({ step: "clusters" });
    expect(JSON.stringify(answer)).toContain("ring");
    expect(await shadow.take([buildOf(await rules("/six"))])).toEqual({ kind: "taken" });
  });
});

test("without an Envoy, changes go on without it, and that is said once", async () => {
  const said: string[] = [];
  const none = new ShadowEnvoy({
    log: (line) => said.push(line),
    find: () => Promise.reject(new EnvironmentError("Envoy not found")),
  });
  expect(await none.take([])).toEqual({ kind: "skipped" });
  expect(await none.take([])).toEqual({ kind: "skipped" });
  expect(said).toHaveLength(1);
  await none.close();
});
