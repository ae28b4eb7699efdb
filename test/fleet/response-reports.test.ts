/** What a stock Envoy reports of what it has counted, by its bootstrap's sink, and what its server reads of that. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HTTP_CONNECTION_MANAGER, ROUTER } from "../../compiler/back/xds/http-connection-manager.ts";
import { typed } from "../../compiler/back/xds/protobuf.ts";
import { HTTP_PROTOCOL_OPTIONS } from "../../compiler/back/xds/upstream-http.ts";
import { metricsService } from "../../compiler/fleet/signal/metrics-service.ts";
import type { StatisticsReport } from "../../compiler/fleet/signal/statistics-report.ts";
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

test("an Envoy reports what it has counted by listener, cluster and class of codes", {
  timeout: 60_000,
}, async () => {
  const reports: StatisticsReport[] = [];
  const tokens = new Set<string | undefined>();
  server = await startAdsServer({
    listen: "127.41.3.1:0",
    onStream: (stream) => stream.end(),
    methods: [
      metricsService((report, peer) => {
        reports.push(report);
        tokens.add(peer.token);
      }),
    ],
  });
  const [good, bad, through] = [await freePort(), await freePort(), await freePort()];
  const configPath = path.join(folder, "envoy.json");
  await writeFile(
    configPath,
    JSON.stringify({
      ...statsSink({
        proxyId: "edge-1",
        clusterName: "server",
        initialMetadata: [{ key: "authorization", value: "Bearer abc" }],
        intervalMs: 200,
        countsRules: true,
      }),
      static_resources: {
        listeners: [
          listener("mesh", good, { direct_response: { status: 200 } }),
          listener("gateway_80.a", bad, { direct_response: { status: 503 } }),
          listener("through", through, { route: { cluster: "asked" } }),
        ],
        clusters: [
          cluster("server", "127.41.3.1", server.port),
          { ...cluster("asked", "127.41.3.2", good), alt_stat_name: "asked;" },
        ],
      },
    }),
  );
  const binary = await findEnvoy({ log: () => {} });
  envoy = await startEnvoy({ binary, configPath, concurrency: 1 });
  const ask = (port: number) => fetch(`http://127.41.3.2:${port}/`).then((response) => response.text());
  await Promise.all([good, good, good, bad, bad, through].map(ask));

  const expected = {
    "http.mesh.downstream_rq_2xx": 4,
    "http.gateway_80.a.downstream_rq_5xx": 2,
    "http.through.downstream_rq_2xx": 1,
    "cluster.asked;.upstream_rq_2xx": 1,
  };
  const counted = () =>
    Object.fromEntries(reports.at(-1)?.statistics.map(({ name, value }) => [name, value]) ?? []);
  await expect.poll(() => counted()).toMatchObject(expected);
  // Since Envoy began: a later report has them again.
  const { length } = reports;
  await expect.poll(() => reports.length).toBeGreaterThan(length + 1);
  // Beside them there is what everything else is added up under, and what the harness asked the admin interface.
  const beside = ["others", "http.admin.downstream_rq_2xx"];
  const own = Object.entries(counted()).filter(([name]) => !beside.includes(name));
  expect(Object.fromEntries(own)).toEqual(expected);
  // Of one process, whichever report one looks at.
  for (const { startedAt } of reports) {
    expect(Math.abs(startedAt! - reports[0]!.startedAt!)).toBeLessThanOrEqual(10_000);
  }
  expect(new Set(reports.map(({ proxyId }) => proxyId))).toEqual(new Set(["edge-1"]));
  expect(tokens).toEqual(new Set(["abc"]));
});

function listener(name: string, port: number, action: object): object {
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
                    routes: [{ match: { prefix: "/" }, ...action }],
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

function cluster(name: string, host: string, port: number): object {
  const address = { socket_address: { address: host, port_value: port } };
  return {
    name,
    type: "STATIC",
    connect_timeout: "1s",
    typed_extension_protocol_options: {
      [HTTP_PROTOCOL_OPTIONS]: typed(HTTP_PROTOCOL_OPTIONS, {
        explicit_http_config: { http2_protocol_options: {} },
      }),
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
    },
  };
}
