/** AUTO_PASSTHROUGH in a real Envoy: TLS of the mesh goes on to the service that it asks for, and nothing else goes anywhere. */

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Authority } from "../../harness/authority.ts";
import { Mesh } from "../../harness/mesh.ts";
import { resource } from "./documents.ts";

const NAMES = ["v1", "v2", "plain"] as const;
const HOST = "shop.default.svc.cluster.local";
const at = (port: number, subset = "", host = HOST) => `outbound_.${port}_.${subset}_.${host}`;

let authority: Authority;
/** Each says its name to whoever comes. */
const servers = new Map<string, tls.Server>();

beforeAll(async () => {
  authority = await Authority.create("mesh");
  for (const name of NAMES) {
    const { certificate: cert, key } = await authority.issue({ names: [name] });
    const server = tls.createServer({ cert, key }, (socket) => socket.on("error", () => {}).end(name));
    await once(server.listen(0, "127.77.0.2"), "listening");
    servers.set(name, server);
  }
});

afterAll(() => {
  for (const server of servers.values()) {
    server.close();
  }
});

const portOf = (name: string) => (servers.get(name)!.address() as AddressInfo).port;
const endpoint = (name: string, labels: object = {}) => ({
  address: "127.77.0.2",
  ports: { x: portOf(name) },
  labels: { version: name, ...labels },
});
const entry = (name: string, host: string, endpoints: readonly object[], more: object = {}) =>
  resource("ServiceEntry", name, {
    hosts: [host],
    location: "MESH_INTERNAL",
    resolution: "STATIC",
    ports: [{ number: 80, name: "x", protocol: "HTTP" }],
    endpoints,
    ...more,
  });
const gateway = (...hosts: readonly string[]) =>
  resource("Gateway", "cross-network", {
    selector: { istio: "eastwestgateway" },
    servers: [
      { port: { number: 15443, name: "tls", protocol: "TLS" }, hosts, tls: { mode: "AUTO_PASSTHROUGH" } },
    ],
  });
const subsets = resource("DestinationRule", "shop", {
  host: HOST,
  subsets: NAMES.map((name) => ({ name, labels: { version: name } })),
});

describe.each(["wasm", "native"] as const)("target %s", (target) => {
  let mesh: Mesh;
  beforeAll(async () => {
    mesh = await Mesh.create({ target });
  });
  afterAll(() => mesh?.close());

  async function apply(...documents: readonly string[]) {
    const { ports, diagnostics } = await mesh.apply(documents, {
      proxy: { meshPort: 0, proxyLabels: { istio: "eastwestgateway" } },
    });
    expect(diagnostics.filter(({ level }) => level === "error")).toEqual([]);
    const port = [...ports.values()][0]!;
    /** Who answers; empty when the connection is closed. */
    return (servername: string, protocols: readonly string[] = ["istio-http/1.1", "istio", "http/1.1"]) =>
      new Promise<string>((resolve) => {
        const socket = tls.connect({
          host: "127.0.0.1",
          port,
          servername,
          ALPNProtocols: [...protocols],
          ca: authority.certificate,
          checkServerIdentity: () => undefined,
        });
        let said = "";
        socket.on("data", (data) => {
          said += data;
        });
        socket.on("error", () => {});
        socket.on("close", () => resolve(said));
      });
  }

  test("the service and its subsets, by the names that sidecars ask for", async () => {
    const say = await apply(
      gateway("*.local"),
      subsets,
      entry("shop", HOST, [endpoint("v1"), endpoint("v2")]),
      entry("outside", "outside.local", [endpoint("plain")], { location: "MESH_EXTERNAL" }),
      entry("other", "other.example", [endpoint("plain")]),
    );
    expect(await say(at(80, "v1"))).toBe("v1");
    expect(await say(at(80, "v2"), ["istio"])).toBe("v2");
    expect(["v1", "v2"]).toContain(await say(at(80)));
    expect(await say(at(80, "V1").toUpperCase())).toBe("v1");
    for (const name of [
      at(8080),
      at(80, "v3"),
      at(80, "", "other.example"),
      at(80, "", "outside.local"),
      `x${at(80)}`,
      `${at(80)}.x`,
      HOST,
      "outbound|80||shop.default.svc.cluster.local",
      "a".repeat(255),
      "",
    ]) {
      expect(await say(name), name).toBe("");
    }
    // Without what sidecars propose, the connection might end where other TLS is taken.
    expect(await say(at(80, "v1"), ["h2", "http/1.1"])).toBe("");
    expect(await say(at(80, "v1"), [])).toBe("");
  });

  test("where workloads tell whether they have a sidecar, those that do, or whom a policy says to have one", async () => {
    const sidecar = { "security.istio.io/tlsMode": "istio" };
    const documents = [
      gateway("*.cluster.local"),
      entry("shop", HOST, [endpoint("v1", sidecar), endpoint("plain"), endpoint("v2", sidecar)]),
    ];
    const say = await apply(...documents, subsets);
    expect(await say(at(80, "v1"))).toBe("v1");
    expect(await say(at(80, "plain"))).toBe("");
    const policy = (mode: string) =>
      subsets.replace('"subsets"', `"trafficPolicy":{"tls":{"mode":"${mode}"}},"subsets"`);
    expect(await (await apply(...documents, policy("ISTIO_MUTUAL")))(at(80, "plain"))).toBe("plain");
    expect(await (await apply(...documents, policy("DISABLE")))(at(80, "v1"))).toBe("");
  });
});
