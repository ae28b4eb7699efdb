/** Whom a policy is for, and what it does there: words and codes are for the tests of commands. */

import { describe, expect, test } from "vitest";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../../options.ts";
import { resources } from "../testing.ts";
import { unreadResources } from "./unread-resources.ts";

const document = (apiVersion: string, kind: string, metadata: string, spec: string) =>
  `---\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { ${metadata} }\nspec: ${spec}\n`;
const EDGE = document(
  "networking.istio.io/v1",
  "Gateway",
  "name: door, namespace: shops",
  '{ selector: { istio: ingressgateway }, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }] }',
);
const authorization = (spec: string, namespace = "istio-system", more = "") =>
  document("security.istio.io/v1", "AuthorizationPolicy", `name: a, namespace: ${namespace}${more}`, spec);

/** The effect on each kind of listener, of what is said of this proxy. */
function found(yaml: string, options: Partial<ProxyOptions> = {}): string[] {
  const all = unreadResources(resources(EDGE + yaml), { ...DEFAULT_PROXY_OPTIONS, ...options });
  return all.map(({ effect, roles }) => `${effect} ${[...roles].sort().join(" ")}`.trim());
}

const DENIES = ["denies gateway"];
const DENY = "action: DENY, rules: [{ to: [{ operation: { paths: [/x] } }] }]";

describe("a policy is this proxy's", () => {
  test.each<[string, string, string[]]>([
    ["in the root namespace, for all", authorization(`{ ${DENY} }`), DENIES],
    [
      "in the root namespace, by its labels",
      authorization(`{ selector: { matchLabels: { istio: ingressgateway } }, ${DENY} }`),
      DENIES,
    ],
    [
      "not by those of others",
      authorization(`{ selector: { matchLabels: { istio: ingressgateway, app: x } }, ${DENY} }`),
      [],
    ],
    ["in its own namespace", authorization(`{ ${DENY} }`, "default"), DENIES],
    ["not in another", authorization(`{ ${DENY} }`, "shops"), []],
    [
      "wherever its labels are named, while nobody has said where it runs",
      authorization(`{ selector: { matchLabels: { istio: ingressgateway } }, ${DENY} }`, "edges"),
      DENIES,
    ],
    [
      "by the name of its Gateway",
      authorization(
        `{ targetRefs: [{ group: networking.istio.io, kind: Gateway, name: door }], ${DENY} }`,
        "shops",
      ),
      DENIES,
    ],
    [
      "not by a Gateway of Kubernetes that it does not serve, whatever the selector says",
      authorization(
        `{ selector: { matchLabels: { istio: ingressgateway } }, targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: door }], ${DENY} }`,
        "default",
      ),
      [],
    ],
    [
      "not by a service, which a waypoint serves",
      authorization(`{ targetRefs: [{ kind: Service, name: door }], ${DENY} }`, "default"),
      [],
    ],
  ])("%s", (_where, yaml, effects) => {
    expect(found(yaml)).toEqual(effects);
  });

  test("once it is said where it runs, nowhere else", () => {
    const named = authorization(`{ selector: { matchLabels: { istio: ingressgateway } }, ${DENY} }`, "edges");
    expect(found(named, { proxyNamespace: "other" })).toEqual([]);
    expect(found(named, { proxyNamespace: "edges" })).toEqual(DENIES);
  });

  test("by the label that the Pods of a Gateway of Kubernetes have", () => {
    const labels = { istio: "ingressgateway", "gateway.networking.k8s.io/gateway-name": "door" };
    const policy = authorization(
      `{ targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: door }], ${DENY} }`,
      "default",
    );
    expect(found(policy, { proxyLabels: labels })).toEqual(DENIES);
    expect(found(policy.replace("name: door }]", "name: other }]"), { proxyLabels: labels })).toEqual([]);
  });

  test("as a server alone: of a proxy without a Gateway, its outbound listeners do not enforce it", () => {
    const policy = authorization(`{ ${DENY} }`, "default");
    expect(found(policy, { proxyLabels: { app: "client" } })).toEqual([]);
  });
});

test.each<[string, string[]]>([
  ["{ action: DENY, rules: [{}] }", DENIES],
  ["{ action: DENY }", []],
  ["{}", DENIES],
  ["{ rules: [] }", DENIES],
  ["{ action: ALLOW, rules: [{ from: [{ source: { ipBlocks: [10.0.0.0/8] } }] }] }", DENIES],
  ["{ action: ALLOW, rules: [{}] }", []],
  ["{ action: CUSTOM, provider: { name: ask }, rules: [{ to: [{ operation: { paths: [/x] } }] }] }", DENIES],
  ["{ action: AUDIT, rules: [{}] }", []],
])("AuthorizationPolicy %s", (spec, effects) => {
  expect(found(authorization(spec))).toEqual(effects);
});

test("what one policy allows, no other that allows less denies; a dry run denies nothing", () => {
  const some = authorization("{ rules: [{ to: [{ operation: { methods: [GET] } }] }] }");
  expect(found(some)).toEqual(DENIES);
  expect(found(some + authorization("{ rules: [{}] }").replace("name: a", "name: all"))).toEqual([]);
  expect(
    found(authorization(`{ ${DENY} }`, "istio-system", ', annotations: { istio.io/dry-run: "true" }')),
  ).toEqual([]);
});

test.each<[string, string, string, boolean]>([
  ["paths: [/clerks/*]", "GET", "/clerks/7", true],
  ["paths: [/clerks/*]", "GET", "/carts?of=/clerks/7", false],
  ["paths: ['*/keys']", "GET", "/7/keys", true],
  ["paths: ['/{*}/keys']", "GET", "/carts", true],
  ["methods: [PUT, POST]", "GET", "/", false],
  ["methods: [PUT, POST]", "PUT", "/", true],
  ["notMethods: [GET]", "GET", "/", false],
  ["notPaths: [/open*], methods: [GET]", "GET", "/open/1", false],
  ["hosts: [other.example]", "GET", "/", true],
])("a denial of %s may concern %s %s: %s", (operation, method, path, may) => {
  const policy = authorization(`{ action: DENY, rules: [{ to: [{ operation: { ${operation} } }] }] }`);
  const [denial] = unreadResources(resources(EDGE + policy), DEFAULT_PROXY_OPTIONS);
  expect(denial?.mayConcern?.({ method, path })).toBe(may);
});

describe("other kinds", () => {
  const security = (kind: string, spec: string) =>
    document("security.istio.io/v1", kind, "name: a, namespace: istio-system", spec);
  const filter = (spec: string) =>
    document("networking.istio.io/v1alpha3", "EnvoyFilter", "name: a, namespace: default", spec);
  const plugin = (spec: string) =>
    document("extensions.istio.io/v1alpha1", "WasmPlugin", "name: a, namespace: default", spec);
  const sidecar = (spec: string) =>
    document("networking.istio.io/v1", "Sidecar", "name: a, namespace: default", spec);
  const route = (kind: string, spec: string, namespace = "default") =>
    document("gateway.networking.k8s.io/v1", kind, `name: a, namespace: ${namespace}`, spec);
  const ingress = (spec: string, more = "") =>
    document("networking.k8s.io/v1", "Ingress", `name: a, namespace: default${more}`, spec);
  const operator = (mesh: string) =>
    document(
      "install.istio.io/v1alpha1",
      "IstioOperator",
      "name: a, namespace: istio-system",
      `{ meshConfig: ${mesh} }`,
    );

  test.each<[string, string[]]>([
    // Of servers, wherever they are; a gateway's own clients connect as its servers have it.
    [security("PeerAuthentication", "{ mtls: { mode: STRICT } }"), ["demandsMutualTls"]],
    [security("PeerAuthentication", "{ portLevelMtls: { 80: { mode: STRICT } } }"), ["demandsMutualTls"]],
    [security("PeerAuthentication", "{ mtls: { mode: PERMISSIVE } }"), []],
    [filter("{ configPatches: [{ applyTo: HTTP_FILTER }] }"), ["changes gateway mesh"]],
    [filter("{ configPatches: [{ match: { context: GATEWAY } }] }"), ["changes gateway"]],
    [filter("{ configPatches: [{ match: { context: SIDECAR_OUTBOUND } }] }"), ["changes mesh"]],
    [filter("{ configPatches: [{ match: { context: SIDECAR_INBOUND } }] }"), []],
    [filter("{ workloadSelector: { labels: { app: b } }, configPatches: [{ applyTo: CLUSTER }] }"), []],
    [plugin("{ url: a }"), ["changes gateway mesh"]],
    [plugin("{ url: a, match: [{ mode: SERVER }] }"), []],
    [plugin("{ url: a, match: [{ mode: SERVER }, { mode: CLIENT }] }"), ["changes gateway mesh"]],
    [plugin("{ url: a, selector: { matchLabels: { app: b } } }"), []],
    // At a gateway; elsewhere it is obeyed.
    [sidecar("{ egress: [{ hosts: [./*] }] }"), ["changes mesh"]],
    [sidecar('{ egress: [{ hosts: ["*/*"] }] }'), []],
    [sidecar("{ outboundTrafficPolicy: { mode: REGISTRY_ONLY } }"), ["changes mesh"]],
    [sidecar("{ outboundTrafficPolicy: { mode: ALLOW_ANY } }"), []],
    [sidecar("{ workloadSelector: { labels: { app: b } }, egress: [{ hosts: [./*] }] }"), []],
    [route("HTTPRoute", "{ parentRefs: [{ name: k }] }"), ["routes"]],
    [route("GRPCRoute", "{ parentRefs: [{ kind: Service, name: k }] }"), ["routes mesh"]],
    [route("TLSRoute", "{ parentRefs: [{ kind: Service, name: k, namespace: far }] }", "near"), []],
    [route("TCPRoute", "{}"), []],
    [
      route("HTTPRoute", "{ parentRefs: [{ name: k }] }") +
        route("Gateway", "{ gatewayClassName: nginx }").replace("name: a", "name: k"),
      [],
    ],
    [
      route("HTTPRoute", "{ parentRefs: [{ name: k }] }") +
        route("Gateway", "{ gatewayClassName: istio }").replace("name: a", "name: k"),
      ["routes"],
    ],
    [route("BackendTLSPolicy", "{ targetRefs: [{ kind: Service, name: k }] }"), ["changes gateway"]],
    [route("ReferenceGrant", "{}"), []],
    [ingress("{ ingressClassName: istio }"), ["routes gateway"]],
    [ingress("{}", ", annotations: { kubernetes.io/ingress.class: istio }"), ["routes gateway"]],
    [ingress("{ ingressClassName: nginx }"), []],
    [ingress("{}"), []],
    [operator("{ discoverySelectors: [{ matchLabels: { a: b } }] }"), ["changes gateway mesh"]],
    [operator("{ defaultHttpRetryPolicy: { attempts: 0 }, accessLogFile: /dev/stdout }"), []],
    [document("telemetry.istio.io/v1", "Telemetry", "name: a, namespace: istio-system", "{}"), []],
    [document("networking.istio.io/v1beta1", "ProxyConfig", "name: a, namespace: istio-system", "{}"), []],
    [
      document("networking.k8s.io/v1", "NetworkPolicy", "name: a, namespace: default", "{ podSelector: {} }"),
      [],
    ],
  ])("%s", (yaml, effects) => {
    expect(found(yaml)).toEqual(effects);
  });

  test("settings of the mesh in istiod's ConfigMap", () => {
    const config = (mesh: string, name = "istio") =>
      `---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: istio-system }\ndata:\n  mesh: |-\n    ${mesh}\n`;
    const unread = "discoverySelectors: [{ matchLabels: { a: b } }]";
    expect(found(config(unread))).toEqual(["changes gateway mesh"]);
    expect(found(config(unread, "istio-canary"))).toEqual(["changes gateway mesh"]);
    expect(found(config(unread, "other"))).toEqual([]);
    expect(found(config("accessLogFile: /dev/stdout"))).toEqual([]);
  });

  test("of this proxy, what has no listener here is not told", () => {
    expect(found(sidecar("{ egress: [{ hosts: [./*] }] }"), { meshPort: 0 })).toEqual([]);
    expect(
      found(filter("{ configPatches: [{ match: { context: SIDECAR_OUTBOUND } }] }"), { meshPort: 0 }),
    ).toEqual([]);
  });

  test("of a Sidecar beside Gateways, where it sends requests for other hosts", () => {
    const gateway = document(
      "networking.istio.io/v1",
      "Gateway",
      "name: edge, namespace: default",
      "{ selector: { istio: ingressgateway }, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ['*'] }] }",
    );
    const policy = "{ mode: ALLOW_ANY, egressProxy: { host: a.example, port: { number: 80 } } }";
    const all = resources(gateway + sidecar(`{ outboundTrafficPolicy: ${policy} }`));
    expect(unreadResources(all, DEFAULT_PROXY_OPTIONS).map(({ what }) => what)).toEqual([
      "sends requests for other hosts to a.example",
    ]);
  });

  test("of a Sidecar that is obeyed, what is about connections that come in", () => {
    const told = (spec: string) =>
      unreadResources(resources(sidecar(spec)), DEFAULT_PROXY_OPTIONS).map(({ what }) => what);
    const inbound = ["decides how connections come in to its workloads"];
    expect(told("{ egress: [{ hosts: [./*] }], outboundTrafficPolicy: {} }")).toEqual([]);
    expect(told("{ ingress: [{ port: { number: 80, protocol: HTTP, name: http } }] }")).toEqual(inbound);
    expect(told("{ inboundConnectionPool: { http: { maxRetries: 1 } } }")).toEqual(inbound);
  });
});
