/** Envoy as a process: how it starts, how it fails to, and how it ends. */

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EnvironmentError } from "../../compiler/platform/error.ts";
import { NEWEST_ENVOY, OLDEST_ENVOY } from "../../compiler/platform/version.ts";
import { findEnvoy } from "../../compiler/run/envoy/find.ts";
import { type EnvoyProcess, type StartEnvoyOptions, startEnvoy } from "../../compiler/run/envoy/start.ts";

let folder: string;
let envoy: EnvoyProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-start-test-"));
});

afterEach(async () => {
  await envoy?.stop(0);
  envoy = undefined;
  await rm(folder, { recursive: true, force: true });
});

const socket = (port: number) => ({ socket_address: { address: "127.0.0.1", port_value: port } });
const ADMIN = { admin: { address: socket(0) } };

/** A listener that answers 200 itself, loaded when Envoy runs already. */
const listener = (port: number) => ({
  "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
  name: "hello",
  address: socket(port),
  filter_chains: [
    {
      filters: [
        {
          name: "envoy.filters.network.http_connection_manager",
          typed_config: {
            "@type":
              "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            stat_prefix: "hello",
            route_config: {
              virtual_hosts: [
                {
                  name: "hello",
                  domains: ["*"],
                  routes: [{ match: { prefix: "/" }, direct_response: { status: 200 } }],
                },
              ],
            },
            http_filters: [
              {
                name: "envoy.filters.http.router",
                typed_config: {
                  "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
                },
              },
            ],
          },
        },
      ],
    },
  ],
});

async function start(config: object, options: Partial<StartEnvoyOptions> = {}): Promise<EnvoyProcess> {
  const configPath = path.join(folder, "envoy.json");
  await writeFile(configPath, JSON.stringify(config));
  const binary = options.binary ?? (await findEnvoy({ log: () => {} }));
  envoy = await startEnvoy({ ...options, binary, configPath });
  return envoy;
}

async function withListeners(...ports: number[]) {
  const file = path.join(folder, "lds.json");
  await writeFile(file, JSON.stringify({ version_info: "1", resources: ports.map(listener) }));
  const source = { path_config_source: { path: file }, resource_api_version: "V3" };
  return { ...ADMIN, node: { id: "a", cluster: "a" }, dynamic_resources: { lds_config: source } };
}

const failure = async (promise: Promise<unknown>): Promise<EnvironmentError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EnvironmentError);
  return error as EnvironmentError;
};

describe.each([NEWEST_ENVOY, OLDEST_ENVOY])("Envoy %s", (version) => {
  test("serves, answers questions, and stops when it is told", async () => {
    const binary = await findEnvoy({ log: () => {}, version });
    const lines: string[] = [];
    const process = await start(await withListeners(0), {
      binary,
      logLevel: "info",
      onLog: (line) => lines.push(line),
    });
    expect(process.version).toBe(version);
    const [bound] = await process.admin.listeners();
    expect(bound?.name).toBe("hello");
    expect((await fetch(`http://127.0.0.1:${bound?.port}/`)).status).toBe(200);
    expect(
      (await process.admin.stats("^http.hello.downstream_rq_2xx$")).get("http.hello.downstream_rq_2xx"),
    ).toBe(1);
    expect(lines.length).toBeGreaterThan(5);
    const exit = await process.stop();
    expect(exit).toMatchObject({ code: 0, signal: undefined, expected: true });
    expect(await process.stop()).toEqual(exit);
  });
});

test("two at a time do not disturb one another", async () => {
  const first = await start(await withListeners(0));
  const second = await startEnvoy({
    binary: first.binary,
    configPath: path.join(folder, "envoy.json"),
  });
  expect(second.admin.socket).not.toBe(first.admin.socket);
  await second.stop();
  expect(await first.admin.ready()).toBe("LIVE");
});

test("a death that nobody asked for is told", async () => {
  const running = await start(ADMIN);
  process.kill(running.pid, "SIGKILL");
  expect(await running.died).toMatchObject({ signal: "SIGKILL", expected: false });
});

test("a configuration it does not understand is reported in its own words", async () => {
  const error = await failure(start({ ...ADMIN, no_such_field: 1 }));
  expect(error.details.join("\n")).toContain("no_such_field");
});

test("a listener that cannot be opened is a failure, though Envoy goes live", async () => {
  const taken: Server = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as AddressInfo;
  try {
    const error = await failure(start(await withListeners(port)));
    expect(error.details.join("\n")).toContain(String(port));
  } finally {
    await new Promise((resolve) => taken.close(resolve));
  }
});

test("the wait for it is bounded", async () => {
  // A control plane that never answers.
  const source = {
    api_config_source: {
      api_type: "GRPC",
      transport_api_version: "V3",
      grpc_services: [{ envoy_grpc: { cluster_name: "nobody" } }],
    },
    resource_api_version: "V3",
  };
  const config = {
    ...ADMIN,
    node: { id: "a", cluster: "a" },
    static_resources: {
      clusters: [{ name: "nobody", type: "STATIC", load_assignment: { cluster_name: "nobody" } }],
    },
    dynamic_resources: { cds_config: source },
  };
  // How soon it opens its admin interface, to say so, is a matter of the machine.
  let error: EnvironmentError;
  let readyTimeoutMs = 700;
  do {
    error = await failure(start(config, { readyTimeoutMs }));
    readyTimeoutMs *= 3;
  } while (error.message.includes("has not opened") && readyTimeoutMs < 20_000);
  expect(error.message).toContain("INITIALIZING");
});

test("waiting can be given up", async () => {
  const signal = AbortSignal.abort();
  await expect(start(ADMIN, { signal })).rejects.toThrow(/abort/i);
});

test("a program that cannot be started", async () => {
  const binary = { path: path.join(folder, "nothing"), version: NEWEST_ENVOY, source: "ENVOY_BIN" } as const;
  await failure(start(ADMIN, { binary }));
});

test("in Docker, it sees its files under the same paths and ends with its client", async () => {
  // A Docker that runs the image's program here. It checks what it is given as far as that can be seen from outside.
  const { path: program } = await findEnvoy({ log: () => {} });
  const docker = path.join(folder, "bin", "docker");
  const log = path.join(folder, "docker.log");
  await mkdir(path.dirname(docker));
  const script = `#!/bin/sh\necho "$*" > '${log}'\nwhile [ "$1" != --config-path ]; do shift; done\nexec '${program}' "$@"\n`;
  await writeFile(docker, script, { mode: 0o755 });
  vi.stubEnv("PATH", `${path.dirname(docker)}${path.delimiter}${process.env.PATH}`);
  try {
    const image = `envoyproxy/envoy:v${NEWEST_ENVOY}`;
    const running = await start(ADMIN, { binary: { path: image, version: NEWEST_ENVOY, source: "docker" } });
    expect(await readFile(log, "utf8")).toContain(`--volume ${folder}:${folder}:ro`);
    expect(await readFile(log, "utf8")).toContain(`--entrypoint envoy ${image} --config-path`);
    expect(await running.stop()).toMatchObject({ code: 0, expected: true });
  } finally {
    vi.unstubAllEnvs();
  }
});

test("nothing temporary is left", async () => {
  const temporary = path.join(folder, "tmp");
  await mkdir(temporary);
  vi.stubEnv("TMPDIR", temporary);
  try {
    const process = await start(ADMIN);
    expect(await readdir(temporary)).toHaveLength(1);
    await process.stop();
    await failure(start({ ...ADMIN, no_such_field: 1 }));
    expect(await readdir(temporary)).toEqual([]);
  } finally {
    vi.unstubAllEnvs();
  }
});
