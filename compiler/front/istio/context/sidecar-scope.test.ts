import { describe, expect, test } from "vitest";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../../options.ts";
import { DEFAULT_MESH_SETTINGS } from "../../services/mesh-settings.ts";
import { lower, resources, targets } from "../testing.ts";
import { sidecarScope } from "./sidecar-scope.ts";

const document = (kind: string, name: string, namespace: string, spec: string, created = 1) =>
  `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace}, creationTimestamp: "2026-01-0${created}T00:00:00Z" }\nspec: ${spec}\n`;
const service = (name: string, namespace: string) =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: { ports: [{ name: http, port: 80 }] }\n`;
const rules = (...all: readonly string[]) => all.join("---\n");
const sidecar = (hosts: string, namespace = "shop", name = "default") =>
  document("Sidecar", name, namespace, `{ egress: [{ hosts: ${hosts} }] }`);
const proxy = (options: Partial<ProxyOptions> = {}): ProxyOptions => ({
  ...DEFAULT_PROXY_OPTIONS,
  proxyNamespace: "shop",
  proxyLabels: { app: "web" },
  ...options,
});

describe("which Sidecar is a proxy's", () => {
  const which = (text: string, options?: Partial<ProxyOptions>) =>
    sidecarScope(resources(text), proxy(options), DEFAULT_MESH_SETTINGS)?.resource.name;
  const one = (name: string, namespace: string, labels = "", created = 1) =>
    document(
      "Sidecar",
      name,
      namespace,
      `{ ${labels === "" ? "" : `workloadSelector: { labels: { ${labels} } }, `}egress: [{ hosts: [./*] }] }`,
      created,
    );

  test("one that selects its labels before one for all, and the oldest of each", () => {
    const all = rules(
      one("old", "shop", "", 1),
      one("young", "shop", "", 2),
      one("other", "shop", "app: api", 1),
      one("web2", "shop", "app: web", 3),
      one("web", "shop", "app: web", 2),
    );
    expect(which(all)).toBe("web");
    expect(which(all, { proxyLabels: {} })).toBe("old");
  });

  test("that of its own namespace before the root namespace's, and none of another", () => {
    const all = rules(
      one("root", "istio-system"),
      one("root-web", "istio-system", "app: web"),
      one("own", "shop"),
    );
    expect(which(all)).toBe("own");
    expect(which(all, { proxyNamespace: "other" })).toBe("root");
    expect(which(all, { proxyNamespace: "istio-system" })).toBe("root-web");
    expect(which(one("own", "shop"), { proxyNamespace: "other" })).toBeUndefined();
  });

  test("none for a proxy that Gateways select", () => {
    const gateway = document(
      "Gateway",
      "edge",
      "shop",
      "{ selector: { app: web }, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ['*'] }] }",
    );
    expect(which(rules(one("own", "shop"), gateway))).toBeUndefined();
  });
});

/** `ns/host` of the services that the proxy serves by their own names. */
const served = (text: string, options?: Partial<ProxyOptions>) =>
  lower(text, proxy(options))
    .config.listeners.find(({ name }) => name === "mesh")!
    .routes.virtualHosts.map(({ name }) => name.replace(".svc.cluster.local:80", ""))
    .filter((name) => name !== "block_all" && name !== "allow_any");

const SERVICES = rules(
  service("cart", "shop"),
  service("pay", "shop"),
  service("cart", "stock"),
  service("count", "stock"),
);

test.each<[string, string[]]>([
  ["[./*]", ["cart.shop", "pay.shop"]],
  ['["*/*"]', ["cart.shop", "cart.stock", "count.stock", "pay.shop"]],
  ["[stock/*]", ["cart.stock", "count.stock"]],
  ["[./cart.shop.svc.cluster.local]", ["cart.shop"]],
  ["[./cart.stock.svc.cluster.local]", []],
  ['["*/cart.stock.svc.cluster.local"]', ["cart.stock"]],
  ['["*/*.stock.svc.cluster.local"]', ["cart.stock", "count.stock"]],
  [
    "[stock/*.stock.svc.cluster.local, ./pay.shop.svc.cluster.local]",
    ["cart.stock", "count.stock", "pay.shop"],
  ],
  ['["*/*", "~stock/cart.stock.svc.cluster.local"]', ["cart.shop", "count.stock", "pay.shop"]],
  ['["*/*", "~/*.shop.svc.cluster.local"]', ["cart.stock", "count.stock"]],
  ["[none/*]", []],
])("egress hosts %s are served: %j", (hosts, names) => {
  expect(served(rules(SERVICES, sidecar(hosts)))).toEqual(names);
});

test("the root namespace's means by `.` the namespace of the proxy", () => {
  const text = rules(SERVICES, sidecar("[./*]", "istio-system"));
  expect(served(text)).toEqual(["cart.shop", "pay.shop"]);
  expect(served(text, { proxyNamespace: "stock" })).toEqual(["cart.stock", "count.stock"]);
});

describe("rules", () => {
  const rule = (host: string, to: string, namespace = "shop") =>
    document(
      "VirtualService",
      "rule",
      namespace,
      `{ hosts: [${host}], http: [{ route: [{ destination: { host: ${to} } }] }] }`,
    );
  const clusters = (text: string) =>
    lower(text, proxy({ outboundPolicy: "REGISTRY_ONLY" })).config.clusters.map(({ name }) =>
      name.replace(".svc.cluster.local", ""),
    );

  test("lead to services that are not imported, which are served by no name", () => {
    const text = rules(
      SERVICES,
      sidecar("[./*]"),
      rule("cart.shop.svc.cluster.local", "count.stock.svc.cluster.local"),
    );
    expect(served(text)).toEqual(["cart.shop", "pay.shop"]);
    expect(clusters(text)).toEqual([
      "outbound|80||cart.shop",
      "outbound|80||count.stock",
      "outbound|80||pay.shop",
    ]);
  });

  test("of a namespace that is not imported are not obeyed", () => {
    const text = (hosts: string) =>
      rules(
        SERVICES,
        sidecar(hosts),
        rule("cart.shop.svc.cluster.local", "count.stock.svc.cluster.local", "stock"),
      );
    expect(clusters(text("[./*]"))).not.toContain("outbound|80||count.stock");
    expect(clusters(text("[./*, stock/cart.shop.svc.cluster.local]"))).toContain("outbound|80||count.stock");
  });

  test("for other hosts than services are imported by their hosts", () => {
    const text = (hosts: string) =>
      rules(SERVICES, sidecar(hosts), rule("api.example", "cart.shop.svc.cluster.local"));
    expect(served(text("[./api.example]"))).toEqual(["api.example:80"]);
    expect(served(text("[./pay.shop.svc.cluster.local]"))).toEqual(["pay.shop"]);
    expect(served(text('["./*.example"]'))).toEqual(["api.example:80"]);
  });
});

test("its policy for other hosts is that of its workloads; without a mode it is REGISTRY_ONLY", () => {
  const others = (spec: string) =>
    lower(rules(SERVICES, document("Sidecar", "a", "shop", spec)), proxy({ outboundPolicy: "ALLOW_ANY" }))
      .config.listeners[0]!.routes.virtualHosts.map(({ name }) => name)
      .find((name) => name === "block_all" || name === "allow_any");
  expect(others("{ egress: [{ hosts: ['*/*'] }] }")).toBe("allow_any");
  expect(others("{ outboundTrafficPolicy: {} }")).toBe("block_all");
  expect(others("{ outboundTrafficPolicy: { mode: REGISTRY_ONLY } }")).toBe("block_all");
});

describe("listeners of its own", () => {
  const bound = (spec: string, options: Partial<ProxyOptions> = {}) =>
    lower(rules(SERVICES, document("Sidecar", "a", "shop", spec)), proxy(options)).config.listeners.map(
      ({ name, address, port }) => `${name} ${address}:${port}`,
    );
  const MESH = "mesh 0.0.0.0:15001";
  const http = "{ number: 80, name: http, protocol: HTTP }";

  test("are bound where they say, or where all are", () => {
    const all = { meshListeners: true };
    expect(bound(`{ egress: [{ port: ${http}, hosts: [./*] }] }`)).toEqual([MESH]);
    expect(bound(`{ egress: [{ port: ${http}, hosts: [./*] }] }`, all)).toEqual([MESH, "mesh_80 0.0.0.0:80"]);
    expect(bound(`{ egress: [{ port: ${http}, bind: 127.0.0.9, hosts: [./*] }] }`, all)).toEqual([
      MESH,
      "mesh_80 127.0.0.9:80",
    ]);
    expect(bound("{ egress: [{ bind: 127.0.0.9, hosts: [./*] }] }", all)).toEqual([
      MESH,
      "mesh_80 127.0.0.9:80",
    ]);
  });

  test("that nothing redirects to are there in any case, on this machine's own address", () => {
    expect(bound(`{ egress: [{ port: ${http}, captureMode: NONE, hosts: [./*] }] }`)).toEqual([
      MESH,
      "mesh_80 127.0.0.1:80",
    ]);
    expect(bound("{ egress: [{ captureMode: NONE, hosts: [./*] }] }")).toEqual([
      MESH,
      "mesh_80 127.0.0.1:80",
    ]);
    const socket =
      "{ egress: [{ port: { number: 0, protocol: HTTP }, bind: 'unix:///run/a.sock', hosts: [./*] }] }";
    expect(bound(socket)).toEqual([MESH, "mesh_unix%3A%2Frun%2Fa.sock unix:/run/a.sock:0"]);
    const proxies = "{ egress: [{ port: { number: 3128, protocol: HTTP_PROXY }, hosts: [./*] }] }";
    expect(bound(proxies, { portMap: new Map([["mesh:3128", 8128]]) })).toEqual([
      MESH,
      "mesh_3128 0.0.0.0:8128",
    ]);
    // Without any listener of the mesh there are none of these, either.
    expect(bound(proxies, { meshPort: 0 })).toEqual([]);
  });

  test("speak what they say, whatever the services say", () => {
    const tcp =
      "{ egress: [{ port: { number: 80, protocol: TCP }, captureMode: NONE, hosts: [./cart.shop.svc.cluster.local] }] }";
    const { config } = lower(rules(SERVICES, document("Sidecar", "a", "shop", tcp)), proxy());
    expect(config.listeners.map(({ name }) => name)).toEqual(["mesh"]);
    expect(config.tcpChains).toMatchObject([{ listener: "mesh_80", address: "127.0.0.1", port: 80 }]);
  });

  test("are refused where nothing tells what a connection is for", () => {
    const found = (spec: string) =>
      lower(rules(service("cart", "shop"), document("Sidecar", "a", "shop", spec)), proxy()).findings;
    expect(
      found("{ egress: [{ port: { number: 0, protocol: TCP }, bind: 'unix:///a', hosts: [./*] }] }"),
    ).toEqual(["SL0301 9"]);
  });
});

describe("an egress proxy", () => {
  const TO_COUNT = "{ host: count.stock.svc.cluster.local, port: { number: 80 } }";
  const egress = (listeners: string) =>
    document(
      "Sidecar",
      "a",
      "shop",
      `{ egress: ${listeners}, outboundTrafficPolicy: { mode: ALLOW_ANY, egressProxy: ${TO_COUNT} } }`,
    );
  const lowered = (listeners: string, ...more: readonly string[]) =>
    lower(rules(egress(listeners), SERVICES, ...more), proxy());
  const COUNT = "outbound|80||count.stock.svc.cluster.local";

  test("takes the place of the hosts themselves, but for the proxy's own ports", () => {
    const { config, findings } = lowered("[{ hosts: ['*/*'] }]");
    const others = config.listeners[0]?.routes.virtualHosts.find(({ name }) => name === "allow_any");
    expect(targets(others?.routes)).toEqual(["502", COUNT]);
    expect(config.clusters.map(({ name }) => name)).toContain(COUNT);
    expect(config.clusters.map(({ name }) => name)).not.toContain("PassthroughCluster");
    expect(findings).toEqual([]);
  });

  test.each([
    ["[{ hosts: [stock/*] }]", []],
    ["[{ port: { number: 80, protocol: HTTP }, hosts: [stock/*] }, { hosts: [./*] }]", []],
    ["[{ port: { number: 3128, protocol: HTTP_PROXY }, hosts: [stock/*] }, { hosts: [./*] }]", []],
    ["[{ port: { number: 81, protocol: HTTP }, hosts: [stock/*] }, { hosts: [./*] }]", ["SL0976 4"]],
    ["[{ hosts: [./*] }]", ["SL0976 4"]],
  ])("is imported by a listener that has its port: %s", (listeners, expected) => {
    const { config, findings } = lowered(listeners);
    expect(findings).toEqual(expected);
    expect(config.clusters.some(({ name }) => name === COUNT)).toBe(expected.length === 0);
  });

  test.each([
    ["host: count.stock.svc.cluster.local", "mesh", []],
    ["host: count.stock.svc.cluster.local", "a/b", ["SL0976 4"]],
    ["host: pay", "mesh", ["SL0976 4"]],
  ])("or by a rule of the mesh that leads to it: %s, %s", (to, gateway, expected) => {
    const spec = `{ hosts: [cart.shop.svc.cluster.local], gateways: [${gateway}], http: [{ route: [{ destination: { ${to} } }] }] }`;
    const { findings } = lowered("[{ hosts: [./*] }]", document("VirtualService", "rule", "shop", spec));
    expect(findings.filter((finding) => !finding.startsWith("SL0404"))).toEqual(expected);
  });

  describe("and connections in which no HTTP is read", () => {
    const tcp = (more = "") =>
      `---\n${service("tcp", "shop").replace("{ ports:", `{ ${more} ports:`).replace("name: http, port: 80", "name: tcp, port: 5432")}`;
    const at = (text: string, port: number, options: Partial<ProxyOptions> = {}) =>
      lower(text, proxy({ meshListeners: true, ...options }))
        .config.tcpChains?.filter(({ listener }) => listener === `mesh_${port}`)
        .map(({ addresses = ["any"], destinations }) => `${addresses} ${destinations[0]?.cluster}`);
    const all = rules(egress("[{ hosts: ['*/*'] }]"), SERVICES);
    const TCP = "outbound|5432||tcp.shop.svc.cluster.local";

    test("are for it where they are for no address of a service", () => {
      const text = all + tcp("clusterIP: 10.0.0.1,");
      expect(at(text, 5432)).toEqual([`10.0.0.1/32 ${TCP}`, `any ${COUNT}`]);
      expect(at(all + tcp(), 5432)).toEqual([`any ${TCP}`]);
      const registryOnly = text.replace(/, outboundTrafficPolicy: .* \}/, " }");
      expect(at(registryOnly, 5432, { outboundPolicy: "REGISTRY_ONLY" })).toEqual([`any ${TCP}`]);
    });

    test("are told from HTTP on ports of HTTP", () => {
      expect(at(all, 80)).toEqual([`any ${COUNT}`]);
      const { listeners } = lower(all, proxy({ meshListeners: true })).config;
      expect(listeners.find(({ name }) => name === "mesh_80")?.sniffs).toEqual({ addresses: [] });
      // Whatever is not, a service without an address has in place of the egress proxy.
      const shared = `${all}---\n${service("raw", "shop").replace("name: http", "name: tcp")}`;
      expect(at(shared, 80)).toEqual(["any outbound|80||raw.shop.svc.cluster.local"]);
      const bound = rules(egress("[{ bind: 127.0.0.9, hosts: ['*/*'] }]"), SERVICES);
      expect(at(bound, 80)).toBeUndefined();
    });

    test("are not for one that has no endpoints, which is said where they come", () => {
      const open = document(
        "ServiceEntry",
        "open",
        "stock",
        "{ hosts: [open.example], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: NONE }",
      );
      const text = rules(
        egress("[{ hosts: ['*/*'] }]").replace("count.stock.svc.cluster.local", "open.example"),
        SERVICES,
        open,
      );
      expect(lower(text + tcp("clusterIP: 10.0.0.1,"), proxy()).findings).toEqual([]);
      expect(at(text + tcp("clusterIP: 10.0.0.1,"), 5432)).toEqual([`any ${TCP}`]);
      expect(lower(text + tcp(), proxy({ meshListeners: true })).findings).toContain("SL0977 4");
    });
  });
});
