/** What is said of connections without HTTP, of every kind that rules have, by the public API. */

import { describe, expect, test } from "vitest";
import {
  type ConnectionExplanation,
  explainConnection,
  formatConnection,
  ListenerError,
  type ProxyOptions,
  parseConnection,
  texts,
} from "./index.ts";

const MESH = `
apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec: { clusterIP: 10.0.0.5, selector: { app: db }, ports: [{ name: tcp, port: 5432 }, { name: http, port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: old, namespace: shop }
spec: { clusterIP: 10.0.0.6, selector: { app: old }, ports: [{ name: tcp, port: 5432 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: db-1, namespace: shop, labels: { app: db, version: v1 } }
status: { podIP: 10.1.0.1, phase: Running }
---
apiVersion: v1
kind: Pod
metadata: { name: db-2, namespace: shop, labels: { app: db, version: v2 } }
status: { podIP: 10.1.0.2, phase: Running }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: db-1, namespace: shop, labels: { kubernetes.io/service-name: db } }
addressType: IPv4
ports: [{ name: tcp, port: 5432 }]
endpoints:
- { addresses: [10.1.0.1], targetRef: { kind: Pod, name: db-1, namespace: shop } }
- { addresses: [10.1.0.2], targetRef: { kind: Pod, name: db-2, namespace: shop } }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: db, namespace: shop }
spec:
  host: db
  trafficPolicy:
    tls: { mode: SIMPLE, sni: db.internal, caCertificates: system }
    connectionPool: { tcp: { idleTimeout: 60s } }
    loadBalancer: { consistentHash: { useSourceIp: true } }
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: db, namespace: shop }
spec:
  hosts: [db]
  tcp:
  - match: [{ sourceLabels: { app: special } }]
    route: [{ destination: { host: old } }]
  - match: [{ port: 5432 }]
    route:
    - { destination: { host: db, subset: v1 }, weight: 90 }
    - { destination: { host: db, subset: v2 }, weight: 10 }
`;

const EDGE = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  selector: { istio: ingressgateway }
  servers:
  - { port: { number: 443, name: tls, protocol: TLS }, hosts: ["*.example"], tls: { mode: PASSTHROUGH } }
  - { port: { number: 15443, name: auto, protocol: TLS }, hosts: ["*.local"], tls: { mode: AUTO_PASSTHROUGH } }
  - { port: { number: 6000, name: tcp, protocol: TCP }, hosts: ["*"] }
  - { port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge, namespace: shop }
spec:
  hosts: [shop.example, "*.pay.example"]
  gateways: [edge]
  tls:
  - match: [{ sniHosts: [shop.example] }]
    route: [{ destination: { host: db, port: { number: 5432 } } }]
  - match: [{ sniHosts: ["*.pay.example"] }]
    route: [{ destination: { host: old, port: { number: 5432 } } }]
  tcp:
  - match: [{ port: 6000 }]
    route: [{ destination: { host: db, port: { number: 5432 } } }]
`;

const RULES = `${MESH}---${EDGE}`;

async function ask(
  connection: Parameters<typeof explainConnection>[0]["connection"],
  { rules = RULES, at, ...proxy }: { rules?: string; at?: string } & Partial<ProxyOptions> = {},
): Promise<ConnectionExplanation> {
  const { connection: explained, findings } = await explainConnection({
    source: texts({ "rules.yaml": rules }),
    proxy: { proxyNamespace: "shop", meshListeners: true, ...proxy },
    connection,
    ...(at !== undefined && { at }),
  });
  expect(findings.diagnostics.filter(({ level }) => level === "error")).toEqual([]);
  return explained!;
}

/** Where a place of an explanation leads to in the rules. */
function lineOf({ line }: { readonly line?: number } = {}): string | undefined {
  return RULES.split("\n")[line! - 1]?.trim();
}

describe("in the mesh", () => {
  test("a name leads to its address, and that to a chain, a rule and its split", async () => {
    const { destination, listener, chain, decision, tried } = await ask("tcp://db:5432");
    expect(destination).toEqual({
      address: "10.0.0.5",
      by: "service",
      service: { host: "db.shop.svc.cluster.local", ports: [5432, 80] },
    });
    expect(listener).toMatchObject({ name: "mesh_5432", port: 5432, goesByAddress: true, others: [] });
    expect(chain).toMatchObject({
      resource: "VirtualService shop/db",
      list: "tcp",
      rule: 2,
      match: 1,
      hashesSource: true,
      idleTimeoutMs: 60_000,
    });
    expect(lineOf(chain)).toBe("- match: [{ port: 5432 }]");
    expect(chain!.split).toMatchObject([
      {
        cluster: "outbound|5432|v1|db.shop.svc.cluster.local",
        weight: 90,
        share: 0.9,
        endpoints: [{ address: "10.1.0.1", port: 5432 }],
        tls: { sni: "db.internal", isMutual: false, isVerified: true },
      },
      { cluster: "outbound|5432|v2|db.shop.svc.cluster.local", weight: 10, share: 0.1 },
    ]);
    expect(decision).toEqual({ outcome: "forward" });
    expect(tried).toMatchObject([
      { matched: true, conditions: ["an address in 10.0.0.5/32"] },
      { matched: false, failed: { condition: "an address in 10.0.0.6/32", seen: "10.0.0.5" } },
    ]);
  });

  test("the labels of the proxy decide, and the address that a connection is opened to", async () => {
    expect((await ask("tcp://db:5432", { proxyLabels: { app: "special" } })).chain).toMatchObject({
      rule: 1,
      split: [{ cluster: "outbound|5432||old.shop.svc.cluster.local", why: expect.any(String) }],
    });
    const other = await ask(parseConnection("tcp://db:5432", { to: "10.0.0.6", from: "10.9.9.9" }));
    expect(other.destination).toMatchObject({ address: "10.0.0.6", by: "question" });
    expect(other.asked.from).toBe("10.9.9.9");
    expect(other.chain).toMatchObject({ name: "mesh_5432_1_old.shop.svc.cluster.local" });
    // No rule speaks of it.
    expect(other.chain).not.toHaveProperty("resource");
    expect(other.decision).toMatchObject({ outcome: "closed", why: expect.stringContaining("no endpoints") });
  });

  test("an address of nobody, and an unknown name", async () => {
    expect((await ask("tcp://10.0.0.7:5432")).decision.outcome).toBe("closed");
    const { destination, decision } = await ask("tcp://dbb.shop.svc.cluster.local:5432");
    expect(destination).toEqual({ nearest: "db.shop.svc.cluster.local" });
    expect(decision.outcome).toBe("closed");
  });

  test("HTTP is read where it is spoken", async () => {
    expect(await ask("tcp://db:80", { at: "mesh_80" })).toMatchObject({
      chain: { name: "mesh_80", reads: "http" },
      decision: { outcome: "http" },
    });
    expect((await ask("tls://db:80", { at: "mesh_80" })).decision).toMatchObject({
      outcome: "closed",
      why: expect.stringContaining("TLS is not HTTP"),
    });
  });

  test("a port of nobody, and what ports there are", async () => {
    const { listener, decision, open, destination } = await ask("tcp://db:5433");
    expect(listener).toBeUndefined();
    expect(decision).toMatchObject({ outcome: "refused", why: expect.stringContaining("5433") });
    expect(destination.service?.ports).toEqual([5432, 80]);
    expect(open).toContainEqual({ listener: "mesh_5432", port: 5432 });
  });

  test("of a proxy without listeners for ports of the mesh it is said that it has none", async () => {
    expect((await ask("tcp://db:5432", { meshListeners: false })).listener?.isUnbound).toBe(true);
    expect((await ask("tcp://db:5432")).listener).not.toHaveProperty("isUnbound");
  });

  test("the port is the one that clients mean, whatever is bound", async () => {
    const portMap = new Map([[5432, 15_432]]);
    for (const port of [5432, 15_432]) {
      expect((await ask(`tcp://db:${port}`, { portMap })).listener).toMatchObject({
        name: "mesh_5432",
        port: 15_432,
      });
    }
  });

  test("hosts that the proxy resolves itself have addresses of 240.240.0.0/16", async () => {
    const entry = (host: string) => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${host.replace(".", "-")}, namespace: shop }
spec:
  hosts: [${host}]
  ports: [{ number: 6379, name: tcp, protocol: TCP }]
  resolution: STATIC
  endpoints: [{ address: 192.0.2.1 }]`;
    const rules = [entry("one.example"), entry("two.example")].join("\n---");
    for (const host of ["one.example", "two.example"]) {
      const { destination, chain } = await ask(`tcp://${host}:6379`, { rules, dns: "127.0.0.1:15053" });
      expect(destination.address).toMatch(/^240\.240\./);
      expect(chain!.split).toMatchObject([{ cluster: `outbound|6379||${host}` }]);
    }
  });

  test("a listener of a Sidecar's own is found by its address", async () => {
    const rules = `${MESH}---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: own, namespace: shop }
spec:
  egress:
  - { port: { number: 5432, name: db, protocol: TCP }, bind: 127.0.0.9, captureMode: NONE, hosts: ["shop/db.shop.svc.cluster.local"] }
`;
    const { listener, chain } = await ask("tcp://127.0.0.9:5432", { rules, meshListeners: false });
    expect(listener).toMatchObject({ name: "mesh_5432", address: "127.0.0.9" });
    expect(listener).not.toHaveProperty("isUnbound");
    expect(chain).toMatchObject({ list: "tcp", rule: 2 });
  });
});

describe("at an edge", () => {
  test("the server name picks the rule", async () => {
    const exact = await ask("tls://shop.example");
    expect(exact.chain).toMatchObject({
      resource: "VirtualService shop/edge",
      list: "tls",
      rule: 1,
      match: 1,
    });
    expect(lineOf(exact.chain)).toBe("- match: [{ sniHosts: [shop.example] }]");
    expect((await ask("tls://x.pay.example:443")).chain).toMatchObject({ list: "tls", rule: 2 });
    const unknown = await ask("tls://shap.example");
    expect(unknown).toMatchObject({
      destination: { nearest: "shop.example" },
      decision: { outcome: "closed" },
    });
    expect(unknown.tried.map(({ failed }) => failed?.seen)).toEqual(["shap.example", "shap.example"]);
    // Without TLS there is no name.
    expect((await ask("tcp://shop.example:443")).decision.outcome).toBe("closed");
  });

  test("a server of TCP takes what comes", async () => {
    expect((await ask("tcp://anything.example:6000")).chain).toMatchObject({
      list: "tcp",
      rule: 1,
      match: 1,
    });
    expect((await ask("tls://anything.example:6000")).decision.outcome).toBe("forward");
  });

  test("AUTO_PASSTHROUGH is for sidecars, which say so by ALPN", async () => {
    const url = "tls://outbound_.5432_.v1_.db.shop.svc.cluster.local:15443";
    const plain = await ask(url);
    expect(plain.decision.outcome).toBe("closed");
    expect(plain.tried.some(({ failed }) => failed?.condition.includes("istio"))).toBe(true);
    expect((await ask(parseConnection(url, { applicationProtocols: ["istio"] }))).chain).toMatchObject({
      split: [{ cluster: "outbound_.5432_.v1_.db.shop.svc.cluster.local" }],
    });
  });

  test("of two listeners for a port the other is named, and can be asked", async () => {
    const both = await ask("tcp://db:80");
    expect(both.listener).toMatchObject({ name: "mesh_80", others: ["gateway_80"] });
    expect((await ask("tcp://db:80", { at: "gateway_80" })).listener?.name).toBe("gateway_80");
    await expect(ask("tcp://db:80", { at: "gateway_81" })).rejects.toThrow(ListenerError);
  });
});

test("a port of no declared protocol is read as HTTP where a connection begins like it", async () => {
  const rules = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: auto, namespace: shop }
spec:
  hosts: [auto.example]
  ports: [{ number: 7000, name: x }]
  resolution: STATIC
  endpoints: [{ address: 192.0.2.1 }]`;
  const { chain, tried } = await ask("tcp://auto.example:7000", { rules });
  expect(chain).toMatchObject({ reads: "tcp", split: [{ cluster: "outbound|7000||auto.example" }] });
  expect(tried).toContainEqual(
    expect.objectContaining({ reads: "http", failed: { condition: "bytes that begin like HTTP" } }),
  );
});

test("a name that is looked up has to be asked for", async () => {
  const rules = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: wild, namespace: shop }
spec:
  hosts: ["*.wild.example"]
  ports: [{ number: 443, name: tls, protocol: TLS }]
  resolution: NONE`;
  const named = await ask("tls://a.wild.example", { rules });
  expect(named).toMatchObject({ chain: { lookupPort: 443 }, decision: { outcome: "forward" } });
  expect(formatConnection(named)).toContain("the server name is looked up, and asked on port 443");
  expect((await ask("tls://192.0.2.1", { rules })).decision.outcome).toBe("closed");
});

test("the target makes no difference", async () => {
  const [native, wasm] = await Promise.all(
    (["native", "wasm"] as const).map((target) => ask("tcp://db:5432", { target })),
  );
  expect(native).toEqual(wasm);
});

test("a wrong call says what is right", async () => {
  await expect(ask("tcp://db")).rejects.toThrow('explainConnection: connection: "tcp://db" names no port');
  await expect(ask("http://db/")).rejects.toThrow("not a valid connection");
  await expect(ask({ host: "db", port: 5432, to: "here" })).rejects.toThrow("connection: to");
  await expect(ask({ host: "db" } as never)).rejects.toThrow("a result of parseConnection");
});

test("people read all of it", async () => {
  const text = formatConnection(await ask("tcp://db:5432"), { columns: 120 });
  for (const part of [
    "the service db.shop.svc.cluster.local",
    "mesh_5432 at 0.0.0.0:5432",
    "needs an address in 10.0.0.6/32, got 10.0.0.5",
    "VirtualService shop/db tcp[2].match[1] rules.yaml:",
    "90 % to outbound|5432|v1|db.shop.svc.cluster.local (weight 90)",
    "endpoints 10.1.0.1:5432",
    "by TLS for db.internal, the endpoint's certificate is verified",
    "endpoint by the hash of the client's address",
    "closed after 60000 ms without a byte",
    "goes to outbound|5432|v1|db.shop.svc.cluster.local or outbound|5432|v2|db.shop.svc.cluster.local",
  ]) {
    expect(text).toContain(part);
  }
});
