/** What a stock Envoy reports of its answers, by its bootstrap's sink, and what its server reads of that. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HTTP_CONNECTION_MANAGER, ROUTER } from "../../compiler/back/xds/http-connection-manager.ts";
import { typed } from "../../compiler/back/xds/protobuf.ts";
import { HTTP_PROTOCOL_OPTIONS } from "../../compiler/back/xds/upstream-http.ts";
import { metricsService, type ResponseReport } from "../../compiler/fleet/signal/metrics-service.ts";
import { statsSink } from "../../compiler/fleet/signal/stats-sink.ts";
import { type AdsServer, startAdsServer } from "../../compiler/run/ads/server.ts";
import { findEnvoy } from "../../compiler/run/envoy/find.ts";
import { type EnvoyProcess, startEnvoy } from "../../compiler/run/envoy/start.ts";
import { freePort } from "../harness/ports.ts";

let folder: string;
let server: AdsServer | undefined;
let envoy: EnvoyProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-reports-test-"));
});

afterEach(async () => {
  await envoy?.stop(0);
  server?.close();
  await rm(folder, { recursive: true, force: true });
});

test("an Envoy reports its answers by listener and class of codes", { timeout: 60_000 }, async () => {
  const reports: ResponseReport[] = [];
  const tokens = new Set<string | undefined>();
  server = await startAdsServer({
    listen: "127.41.3.1:0",
    onStream: (stream) => stream.end(),
    methods: [
      await metricsService((report, peer) => {
        reports.push(report);
        tokens.add(peer.token);
      }),
    ],
  });
  const [good, bad] = [await freePort(), await freePort()];
  const configPath = path.join(folder, "envoy.json");
  await writeFile(
    configPath,
    JSON.stringify({
      ...statsSink({
        proxyId: "edge-1",
        clusterName: "server",
        initialMetadata: [{ key: "authorization", value: "Bearer abc" }],
        intervalMs: 200,
      }),
      static_resources: {
        listeners: [listener("mesh", good, 200), listener("gateway_80.a", bad, 503)],
        clusters: [serverCluster(server.port)],
      },
    }),
  );
  const binary = await findEnvoy({ log: () => {} });
  envoy = await startEnvoy({ binary, configPath, concurrency: 1 });
  const ask = (port: number) => fetch(`http://127.41.3.2:${port}/`).then((response) => response.text());
  await Promise.all([ask(good), ask(good), ask(good), ask(bad), ask(bad)]);

  const total = (name: string) =>
    reports
      .flatMap(({ listeners }) => listeners.filter(({ listener }) => listener === name))
      .reduce((sum, one) => [sum[0]! + one.requests, sum[1]! + one.serverErrors], [0, 0]);
  await vi.waitFor(() => {
    expect(total("mesh")).toEqual([3, 0]);
    expect(total("gateway_80.a")).toEqual([2, 2]);
  }, 20_000);
  // Deltas: a later report does not count them again. Nothing else is counted, such as whoever asked the admin interface.
  const { length } = reports;
  await vi.waitFor(() => expect(reports.length).toBeGreaterThan(length + 1), 20_000);
  expect(reports.reduce((sum, { requests }) => sum + requests, 0)).toBe(5);
  expect(reports.reduce((sum, { serverErrors }) => sum + serverErrors, 0)).toBe(2);
  expect(new Set(reports.map(({ proxyId }) => proxyId))).toEqual(new Set(["edge-1"]));
  expect(tokens).toEqual(new Set(["abc"]));
});

function listener(name: string, port: number, status: number): object {
  return {
    name,
    address: { socket_address: { address: "127.41.3.2", port_value: port } },
    filter_chains: [
      {
        filters: [
          {
            name: "http",
            typed_config: typed(HTTP_CONNECTION_MANAGER, {
              stat_prefix: name,
              route_config: {
                virtual_hosts: [
                  {
                    name: "all",
                    domains: ["*"],
                    routes: [{ match: { prefix: "/" }, direct_response: { status } }],
                  },
                ],
              },
              http_filters: [ROUTER],
            }),
          },
        ],
      },
    ],
  };
}

function serverCluster(port: number): object {
  const address = { socket_address: { address: "127.41.3.1", port_value: port } };
  return {
    name: "server",
    type: "STATIC",
    connect_timeout: "1s",
    typed_extension_protocol_options: {
      [HTTP_PROTOCOL_OPTIONS]: typed(HTTP_PROTOCOL_OPTIONS, {
        explicit_http_config: { http2_protocol_options: {} },
      }),
    },
    load_assignment: {
      cluster_name: "server",
      endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
    },
  };
}
