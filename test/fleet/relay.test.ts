/** A relay beside an Envoy: it passes on what the server says, and stands in for it while it is away. */

import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Relay, type RelayEvent, startRelay } from "../../compiler/fleet/relay/relay.ts";
import type { UpstreamOptions } from "../../compiler/fleet/relay/upstream.ts";
import {
  createWorkspace,
  Fleet,
  files,
  fleetRules,
  type ServeFleetOptions,
  serveFleet,
} from "../../compiler/index.ts";
import type { EnvoyProcess } from "../../compiler/run/envoy/start.ts";
import { startUpstream, type Upstream } from "../../compiler/run/stand-in/upstream.ts";
import { Authority } from "../harness/authority.ts";
import { Connection } from "../harness/client.ts";
import { freePort } from "../harness/ports.ts";
import { joinEnvoy } from "./joined-envoy.ts";

const SERVER = "127.45.1.1";
const RELAY = "127.45.1.2";
const PROXY = "127.45.1.3";
const BACKENDS = { one: "127.45.2.1", two: "127.45.2.2" };

let folder: string;
let upstream: Upstream;
let meshPort: number;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-relay-"));
  await mkdir(path.join(folder, "rules"));
  upstream = startUpstream();
  closing.push(() => upstream.close());
  await upstream.listen(BACKENDS.one, 8080);
  await upstream.listen(BACKENDS.two, 8080);
  meshPort = await freePort();
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
  await rm(folder, { recursive: true, force: true });
});

/** The rules send everything there. */
async function rule(to: keyof typeof BACKENDS): Promise<void> {
  const entries = Object.entries(BACKENDS).map(
    ([name, address]) => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: a }
spec:
  hosts: [${name}.example]
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8080 }]
  resolution: STATIC
  endpoints: [{ address: ${address} }]
---`,
  );
  await writeFile(
    path.join(folder, "rules", "rules.yaml"),
    `${entries.join("")}
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: all, namespace: a }
spec:
  hosts: [all.example]
  http: [{ route: [{ destination: { host: ${to}.example } }] }]
`,
  );
}

interface Serving extends Pick<ServeFleetOptions, "identity"> {
  /** What proxies report of their answers. */
  readonly onResponses?: (proxy: string, requests: number) => void;
  readonly problems?: string[];
}

async function serve(
  port: number,
  { identity, onResponses, problems = [] }: Serving = {},
): Promise<() => Promise<void>> {
  const workspace = createWorkspace({ source: files([path.join(folder, "rules")]), proxies: { fleet: {} } });
  const fleet = await Fleet.create({ rules: fleetRules(workspace), onEvent: () => {} });
  await fleet.start();
  const hear = fleet.responses.bind(fleet);
  fleet.responses = (proxy, counts) => {
    onResponses?.(proxy, counts.requests);
    hear(proxy, counts);
  };
  const server = await serveFleet({
    fleet,
    listen: `${SERVER}:${port}`,
    ...(identity && { identity }),
    onProblem: (line) => problems.push(line),
  });
  const close = async () => {
    server.close();
    await fleet.close();
    await workspace.dispose();
  };
  closing.push(close);
  return close;
}

async function relay(
  port: number,
  events: RelayEvent[],
  at = 0,
  proof: Pick<UpstreamOptions, "tls" | "token"> = {},
): Promise<Relay> {
  const started = await startRelay({
    listen: `${RELAY}:${at}`,
    upstream: { server: { address: SERVER, port }, ...proof },
    directory: path.join(folder, "state"),
    onEvent: (event) => events.push(event),
  });
  closing.push(() => started.close());
  return started;
}

async function envoy(port: number): Promise<EnvoyProcess> {
  const started = await joinEnvoy(
    folder,
    { server: `${RELAY}:${port}`, id: "edge-1", namespace: "a", listenAddress: PROXY, meshPort },
    { stats_flush_interval: "1s" },
  );
  closing.push(() => started.stop(0));
  return started;
}

/** Which endpoint answered. */
async function ask(): Promise<string> {
  const connection = await Connection.open(meshPort, PROXY);
  try {
    const { status, body } = await connection.request({ path: "/", host: "all.example" });
    return `${status} ${/"endpoint":"([^:"]*)/.exec(body)?.[1]}`;
  } finally {
    connection.close();
  }
}

test("an Envoy restarts while the server is away, and goes on when it is back", {
  timeout: 120_000,
}, async () => {
  const [port, events] = [await freePort(), [] as RelayEvent[]];
  await rule("one");
  const stopServer = await serve(port);
  const before = await relay(port, events);
  const { port: at } = before;
  const running = await envoy(at);
  await expect.poll(() => ask()).toBe(`200 ${BACKENDS.one}`);
  // A change goes through while everybody is there.
  await rule("two");
  await expect.poll(() => ask()).toBe(`200 ${BACKENDS.two}`);
  expect(events.filter(({ kind }) => kind === "remembered")).toEqual([]);

  // Server, relay and Envoy are gone; the latter two come back.
  await stopServer();
  await running.stop(0);
  await before.close();
  const [file] = await readdir(path.join(folder, "state"));
  expect((await stat(path.join(folder, "state", file!))).mode & 0o777).toBe(0o600);
  await relay(port, events, at);
  const begun = performance.now();
  await envoy(at);
  expect(await ask()).toBe(`200 ${BACKENDS.two}`);
  // Two seconds of a machine that does nothing else; most of it is Envoy's own start. By itself it would wait for a server for ever.
  const ms = Math.round(performance.now() - begun);
  console.log(`an Envoy without its server: served ${ms} ms after its start`);
  expect(events.at(-1)).toEqual({ kind: "remembered", proxy: "edge-1" });

  await rule("one");
  await serve(port);
  const asked: string[] = [];
  await vi.waitFor(async () => {
    asked.push(await ask());
    expect(asked.at(-1)).toBe(`200 ${BACKENDS.one}`);
  }, 30_000);
  const right = Object.values(BACKENDS).map((address) => `200 ${address}`);
  expect(asked.filter((answer) => !right.includes(answer))).toEqual([]);
  expect(events.filter(({ kind }) => kind === "notice")).toEqual([]);
});

test("a relay proves who it is, and passes on what an Envoy reports of its answers", {
  timeout: 60_000,
}, async () => {
  const [servers, relays] = await Promise.all(["servers", "relays"].map((name) => Authority.create(name)));
  const own = await servers!.issue({ names: ["sluice.example"] });
  const shown = await relays!.issue({ names: ["relay.example"] });
  const write = async (name: string, text: string) => {
    await writeFile(path.join(folder, name), text);
    return path.join(folder, name);
  };
  const token = "the-token-of-the-relay";
  const identity = {
    certificate: await write("server.crt", own.certificate),
    key: await write("server.key", own.key),
    clientCa: await write("clients.crt", relays!.certificate),
    tokens: await write("tokens", `${token}\n`),
  };
  const tls = {
    ca: Buffer.from(servers!.certificate),
    certificate: Buffer.from(shown.certificate),
    key: Buffer.from(shown.key),
    serverName: "sluice.example",
  };
  await rule("one");
  const [port, problems, events] = [await freePort(), [] as string[], [] as RelayEvent[]];
  let reported = 0;
  const onResponses = (proxy: string, requests: number) => {
    reported += proxy === "edge-1" ? requests : 0;
  };
  await serve(port, { identity, problems, onResponses });

  const { port: at } = await relay(port, events, 0, { tls, token });
  await envoy(at);
  const asked = 7;
  for (let i = 0; i < asked; i++) {
    expect(await ask()).toBe(`200 ${BACKENDS.one}`);
  }
  await expect.poll(() => reported).toBe(asked);
  expect(problems).toEqual([]);
  expect(events.map(({ kind }) => kind)).toEqual(["joined", "relayed"]);
});
