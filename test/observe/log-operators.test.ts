/** What an access log may say and what spans are made of, judged by the oldest and the newest Envoy that there is a promise for. */

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { emitConnectionLog, emitRequestLog } from "../../compiler/back/xds/access-log.ts";
import { HTTP_CONNECTION_MANAGER, ROUTER } from "../../compiler/back/xds/http-connection-manager.ts";
import { typed } from "../../compiler/back/xds/protobuf.ts";
import { testOptions } from "../../compiler/back/xds/testing.ts";
import { emitTraceCluster, emitTracing } from "../../compiler/back/xds/tracing.ts";
import { accessLogFormat } from "../../compiler/options/log-format.ts";
import { LOG_OPERATORS } from "../../compiler/options/log-operators.ts";
import { NEWEST_ENVOY, OLDEST_ENVOY } from "../../compiler/platform/version.ts";
import { findEnvoy } from "../../compiler/run/envoy/find.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-operators-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Every operator, in each way in which it may stand. */
const OPERATORS = [...LOG_OPERATORS].flatMap(([name, { argument, example, alone, length }]) => {
  const forms = [...(alone ? [""] : []), ...(argument === undefined ? [] : [`(${example})`])];
  return forms.flatMap((form) => [`%${name}${form}%`, ...(length ? [`%${name}${form}:20%`] : [])]);
});

/** Plain text, since the several lines of some may not be in one; JSON takes all of them. */
const FORMATS = [
  "text",
  "json",
  OPERATORS.filter((operator) => accessLogFormat.accepts(operator)).join(" "),
  JSON.stringify({ nested: { all: OPERATORS, percent: "%%", one: 1 } }),
];

test("what is listed is what is accepted", () => {
  for (const format of FORMATS) {
    expect(accessLogFormat.accepts(format)).toBe(true);
  }
  expect(OPERATORS.length).toBeGreaterThan(130);
});

test.each([OLDEST_ENVOY, NEWEST_ENVOY])(
  "Envoy %s takes every format, and the newest every span",
  async (version) => {
    const binary = await findEnvoy({ log: () => {}, version });
    const file = path.join(folder, `${version}.json`);
    await writeFile(file, JSON.stringify(bootstrap(version === NEWEST_ENVOY)));
    const complaints = await new Promise<string>((resolve) => {
      execFile(
        binary.path,
        ["--mode", "validate", "--log-level", "warning", "--disable-hot-restart", "--config-path", file],
        (error, stdout, stderr) => resolve(error === null ? "" : stdout + stderr),
      );
    });
    expect(complaints).toBe("");
  },
);

/** Names of spans are younger than the oldest Envoy. */
function bootstrap(hasSpans: boolean): object {
  const log = { accessLog: "/dev/null", accessLogSample: 0.5 };
  const collectors = ["http://otel.example:4318", "https://otel.example/v1/traces", "grpc://127.0.0.1:4317"];
  const managers = (["wasm", "native"] as const).flatMap((decider) => [
    ...FORMATS.map((accessLogFormat) =>
      emitRequestLog("mesh 100 %", decider, testOptions({ ...log, accessLogFormat })),
    ),
    ...(hasSpans ? collectors : []).flatMap((traceTo) =>
      (["gateway", "mesh"] as const).map((role) =>
        emitTracing({ name: "mesh", role }, decider, testOptions({ traceTo })),
      ),
    ),
  ]);
  return {
    node: { id: "a", cluster: "a" },
    static_resources: {
      clusters: [emitTraceCluster(testOptions({ traceTo: collectors[1]! }))].map(withoutType),
      listeners: [
        ...managers.map((more, i) => listener(i, httpFilter(more))),
        ...FORMATS.map((accessLogFormat, i) =>
          listener(managers.length + i, tcpFilter(testOptions({ ...log, accessLogFormat }))),
        ),
      ],
    },
  };
}

function listener(index: number, filter: object) {
  return {
    name: `l${index}`,
    address: { socket_address: { address: "127.63.0.1", port_value: 1024 + index } },
    filter_chains: [{ filters: [filter] }],
  };
}

function httpFilter(more: object) {
  return {
    name: "http",
    typed_config: typed(HTTP_CONNECTION_MANAGER, {
      stat_prefix: "a",
      route_config: { name: "a" },
      http_filters: [ROUTER],
      ...more,
    }),
  };
}

function tcpFilter(options: ReturnType<typeof testOptions>) {
  return {
    name: "tcp",
    typed_config: typed("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", {
      stat_prefix: "a",
      cluster: "a",
      ...emitConnectionLog("tcp", options),
    }),
  };
}

/** A bootstrap has clusters as they are, and no `Any`. */
function withoutType(message: object | undefined): object {
  const { "@type": _type, ...rest } = message as { readonly "@type": string };
  return rest;
}
