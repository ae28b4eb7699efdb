/** One resource of each kind that is read, with as many of its fields as go together: what mutations start from. */

const meta = (name: string) => ({ name, namespace: "default" });
const istio = (kind: string, spec: object, name = "a") => ({
  apiVersion: "networking.istio.io/v1",
  kind,
  metadata: meta(name),
  spec,
});
const to = (host: string, subset?: string) => ({
  destination: { host, port: { number: 80 }, ...(subset && { subset }) },
});
const objectNames = (value: unknown) =>
  Object.fromEntries(["constructor", "__proto__", "hasownproperty"].map((name) => [name, value]));

export const SEED_RULES: readonly {
  readonly apiVersion: string;
  readonly kind: string;
  readonly [field: string]: unknown;
}[] = [
  istio("VirtualService", {
    hosts: ["a.example", "*.b.example"],
    gateways: ["mesh", "gw"],
    exportTo: ["."],
    http: [
      {
        name: "r",
        match: [
          {
            uri: { regex: "/a.b/[0-9]+" },
            headers: { x: { exact: "1" }, y: {} },
            withoutHeaders: { z: { prefix: "q" } },
            queryParams: { q: { regex: "a|b" } },
            method: { exact: "POST" },
            sourceLabels: { app: "a" },
            gateways: ["gw"],
            port: 80,
            ignoreUriCase: true,
          },
        ],
        route: [
          { ...to("s.example", "v1"), weight: 80, headers: { request: { set: { a: "b" } } } },
          { ...to("s.example"), weight: 20 },
        ],
        timeout: "1s",
        retries: { attempts: 3, perTryTimeout: "2s", retryOn: "5xx,503", backoff: "25ms" },
        fault: {
          delay: { fixedDelay: "2s", percentage: { value: 10 } },
          abort: { httpStatus: 503, percentage: { value: 1 } },
        },
        mirrors: [{ destination: { host: "s.example" }, percentage: { value: 5 } }],
        rewrite: { uri: "/x", authority: "c" },
        corsPolicy: { allowOrigins: [{ exact: "*" }], maxAge: "1m", allowCredentials: true },
        headers: { response: { add: { c: "%REQ(x)%" }, remove: ["d"] } },
      },
      {
        match: [{ uri: { prefix: "/r" } }],
        redirect: { uri: "/q", redirectCode: 302, derivePort: "FROM_PROTOCOL_DEFAULT" },
      },
      { match: [{ uri: { exact: "/d" } }], directResponse: { status: 200, body: { string: "x" } } },
      { delegate: { name: "other", namespace: "default" } },
    ],
    tls: [{ match: [{ sniHosts: ["a.example"], port: 443 }], route: [to("s.example")] }],
    tcp: [{ match: [{ port: 9 }], route: [to("s.example")] }],
  }),
  istio("VirtualService", { http: [{ route: [to("s.example")] }] }, "other"),
  // Names that every object of JavaScript answers to: none of them may be looked up where they were not given.
  istio(
    "VirtualService",
    {
      hosts: ["o.example"],
      http: [
        {
          match: [{ headers: objectNames({ exact: "1" }) }, { queryParams: objectNames({ prefix: "a" }) }],
          headers: {
            request: { set: objectNames("1") },
            response: { add: objectNames("%REQ(constructor)%") },
          },
          retries: { attempts: 1, retryOn: "503" },
          route: [{ destination: { host: "o.example", subset: "constructor" } }],
        },
        { match: [{ withoutHeaders: objectNames({ regex: "b+" }) }], route: [to("o.example", "tostring")] },
        { match: [{ sourceLabels: { constructor: "a" } }], route: [to("o.example")] },
      ],
    },
    "constructor",
  ),
  istio(
    "DestinationRule",
    {
      host: "o.example",
      subsets: [
        { name: "constructor", labels: { constructor: "1" } },
        { name: "tostring", labels: { toString: "1" } },
      ],
      trafficPolicy: {
        loadBalancer: { localityLbSetting: { failoverPriority: ["constructor", "toString"] } },
        outlierDetection: { consecutive5xxErrors: 1 },
      },
    },
    "constructor",
  ),
  istio(
    "ServiceEntry",
    {
      hosts: ["o.example", "constructor"],
      ports: [
        { number: 80, name: "constructor", protocol: "HTTP" },
        { number: 81, name: "http", protocol: "HTTP" },
      ],
      resolution: "STATIC",
      endpoints: [
        { address: "1.2.3.5", ports: { http: 1 }, labels: { constructor: "1" } },
        { address: "1.2.3.6", ports: {}, labels: { toString: "1" } },
      ],
    },
    "constructor",
  ),
  istio("DestinationRule", {
    host: "s.example",
    subsets: [{ name: "v1", labels: { v: "1" }, trafficPolicy: { tls: { mode: "SIMPLE" } } }],
    trafficPolicy: {
      loadBalancer: {
        consistentHash: { httpCookie: { name: "c", ttl: "0s" } },
        localityLbSetting: { failoverPriority: ["a"] },
      },
      connectionPool: {
        tcp: { maxConnections: 1, connectTimeout: "1s" },
        http: { maxRetries: 1, http1MaxPendingRequests: 2 },
      },
      outlierDetection: { consecutive5xxErrors: 1, interval: "1s", maxEjectionPercent: 50 },
      portLevelSettings: [
        { port: { number: 80 }, tls: { mode: "MUTUAL", clientCertificate: "c", privateKey: "k" } },
      ],
    },
    workloadSelector: { matchLabels: { a: "b" } },
  }),
  istio("ServiceEntry", {
    hosts: ["s.example"],
    addresses: ["10.0.0.1"],
    ports: [{ number: 80, name: "http", protocol: "HTTP", targetPort: 8080 }],
    resolution: "STATIC",
    location: "MESH_EXTERNAL",
    endpoints: [{ address: "1.2.3.4", ports: { http: 1 }, labels: { v: "1" }, weight: 1, locality: "a/b/c" }],
  }),
  istio(
    "Gateway",
    {
      selector: { istio: "ingressgateway" },
      servers: [
        { port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*/a.example", "./b.example"] },
        {
          port: { number: 443, name: "s", protocol: "HTTPS" },
          hosts: ["*"],
          tls: { mode: "SIMPLE", credentialName: "cert" },
        },
      ],
    },
    "gw",
  ),
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { ...meta("k"), annotations: { "networking.istio.io/exportTo": "*" } },
    spec: {
      selector: { app: "k" },
      ports: [{ name: "http", port: 80, targetPort: 8080, protocol: "TCP" }],
      clusterIP: "10.0.0.2",
    },
  },
  {
    apiVersion: "v1",
    kind: "Secret",
    metadata: meta("cert"),
    data: { "tls.crt": "eA==", "tls.key": "eA==" },
  },
  {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...meta("p"), labels: { app: "k", istio: "ingressgateway" } },
    spec: { nodeName: "node-1" },
    status: { podIP: "10.0.0.3" },
  },
  {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...meta("k-1"), labels: { "kubernetes.io/service-name": "k" } },
    addressType: "IPv4",
    endpoints: [
      {
        addresses: ["10.0.0.3"],
        conditions: { ready: true },
        targetRef: { kind: "Pod", name: "p", namespace: "default" },
      },
    ],
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
  },
  {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: meta("kgw"),
    spec: { listeners: [{ hostname: "x", port: 80 }] },
  },
  {
    apiVersion: "security.istio.io/v1",
    kind: "RequestAuthentication",
    metadata: meta("ra"),
    spec: { selector: { matchLabels: { a: "b" } } },
  },
];
