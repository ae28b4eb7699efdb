/** An Envoy that joins over mutual TLS, and goes on with a certificate that was renewed while it ran. */

import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  createWorkspace,
  DEFAULT_PROXY_OPTIONS,
  Fleet,
  fleetRules,
  serveFleet,
  texts,
} from "../../compiler/index.ts";
import type { EnvoyProcess } from "../../compiler/run/envoy/start.ts";
import { Authority } from "../harness/authority.ts";
import { edgeGateway } from "../harness/edge-gateway.ts";
import { freePort } from "../harness/ports.ts";
import { joinEnvoy } from "./joined-envoy.ts";

const ADDRESS = "127.88.4.1";
const SERVER_NAME = "sluice.example";

let folder: string;
let envoy: EnvoyProcess | undefined;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-join-tls-"));
  await mkdir(path.join(folder, "tls"));
});

afterEach(async () => {
  await envoy?.stop(0);
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
  await rm(folder, { recursive: true, force: true });
});

/** As whoever renews certificates does it: the key first, each by a rename. */
async function put(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await writeFile(at(`${name}.new`), text);
    await rename(at(`${name}.new`), at(name));
  }
}

const at = (name: string) => path.join(folder, "tls", name);

test("a renewed certificate is shown at the next connection", { timeout: 60_000 }, async () => {
  const [port, listenerPort] = [await freePort(), await freePort()];
  const [servers, proxies, nextProxies] = await Promise.all(
    ["servers", "proxies", "more proxies"].map((name) => Authority.create(name)),
  );
  const server = await servers!.issue({ names: [SERVER_NAME] });
  const proxy = await proxies!.issue({ names: ["edge"] });
  await put({
    "server.key": server.key,
    "server.crt": server.certificate,
    "servers.crt": servers!.certificate,
    "clients.crt": proxies!.certificate,
    "proxy.key": proxy.key,
    "proxy.crt": proxy.certificate,
    "clients.yaml": "clients: [{ name: edge, namespaces: [default], ids: [edge-*] }]\n",
  });
  const joined: string[] = [];
  const problems: string[] = [];
  const serve = async () => {
    const workspace = createWorkspace({
      source: texts({ "rules.yaml": answering("served") }),
      proxies: {
        fleet: {
          ...DEFAULT_PROXY_OPTIONS,
          listenAddress: ADDRESS,
          meshPort: 0,
          portMap: new Map([[80, listenerPort]]),
        },
      },
    });
    const fleet = await Fleet.create({
      rules: fleetRules(workspace),
      onEvent: (event) => event.kind === "joined" && joined.push(event.proxy),
    });
    await fleet.start();
    const running = await serveFleet({
      fleet,
      listen: `${ADDRESS}:${port}`,
      identity: {
        certificate: at("server.crt"),
        key: at("server.key"),
        clientCa: at("clients.crt"),
        clients: at("clients.yaml"),
      },
      onProblem: (line) => problems.push(line),
    });
    const close = async () => {
      await running.close();
      await fleet.close();
      await workspace.dispose();
    };
    closing.push(close);
    return close;
  };

  const close = await serve();
  envoy = await joinEnvoy(folder, {
    server: `${ADDRESS}:${port}`,
    id: "edge-1",
    tlsCa: at("servers.crt"),
    tlsCert: at("proxy.crt"),
    tlsKey: at("proxy.key"),
    tlsServerName: SERVER_NAME,
  });
  const ask = async () => (await fetch(`http://${ADDRESS}:${listenerPort}/`)).text();
  expect(await ask()).toBe("served");
  expect({ joined, problems }).toEqual({ joined: ["edge-1"], problems: [] });

  closing.pop();
  await close();
  const renewed = await nextProxies!.issue({ names: ["edge"] });
  await put({
    "clients.crt": nextProxies!.certificate,
    "proxy.key": renewed.key,
    "proxy.crt": renewed.certificate,
  });
  await serve();
  await expect.poll(() => joined).toEqual(["edge-1", "edge-1"]);
  expect(await ask()).toBe("served");
});

function answering(body: string): string {
  return `${edgeGateway()}apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge }
spec:
  hosts: ["*"]
  gateways: [edge]
  http: [{ directResponse: { status: 200, body: { string: ${body} } } }]
`;
}
