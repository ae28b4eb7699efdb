/** Rules that do everything that can become of a request, and requests for each of it: what an access log, and a trace, has to tell of both targets. */

/** Where the mesh's stub answers, and where nobody does: see `Mesh`. */
export const SERVICES = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: shop, namespace: shop }
spec:
  hosts: [shop.example]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 18080 }]
  endpoints: [{ address: 127.20.0.11, labels: { version: v1 } }]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: empty, namespace: shop }
spec:
  hosts: [empty.example]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: []
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: closed, namespace: shop }
spec:
  hosts: [closed.example]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 1 }]
  endpoints: [{ address: 127.63.1.1 }]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: faulty, namespace: shop }
spec:
  hosts: [faulty.example]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 18080 }]
  endpoints: [{ address: 127.20.0.12 }]
`;

const TO_SHOP = "route: [{ destination: { host: shop.example } }]";

export const RULES = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop, namespace: shop }
spec:
  hosts: [shop.example]
  http:
  - { name: plain, match: [{ uri: { prefix: /plain } }], ${TO_SHOP} }
  - name: pages
    match: [{ uri: { prefix: /pages/a }, name: first }, { uri: { prefix: /pages } }]
    ${TO_SHOP}
  - name: broken
    match: [{ uri: { prefix: /abort } }]
    fault: { abort: { httpStatus: 503, percentage: { value: 100 } } }
    ${TO_SHOP}
  - name: grpc-broken
    match: [{ uri: { prefix: /grpc } }]
    fault: { abort: { grpcStatus: UNAVAILABLE, percentage: { value: 100 } } }
    ${TO_SHOP}
  - name: slow
    match: [{ uri: { prefix: /delay } }]
    fault: { delay: { fixedDelay: 50ms, percentage: { value: 100 } } }
    ${TO_SHOP}
  - name: slow-and-broken
    match: [{ uri: { prefix: /both } }]
    fault:
      delay: { fixedDelay: 50ms, percentage: { value: 100 } }
      abort: { httpStatus: 418, percentage: { value: 100 } }
    ${TO_SHOP}
  - name: very-slow
    match: [{ uri: { prefix: /leave-delayed } }]
    fault: { delay: { fixedDelay: 60s, percentage: { value: 100 } } }
    ${TO_SHOP}
  - { name: moved, match: [{ uri: { prefix: /moved } }], redirect: { uri: /plain, redirectCode: 302 } }
  - { name: answered, match: [{ uri: { prefix: /answer } }], directResponse: { status: 299, body: { string: hello } } }
  - name: "odd \\"name\\" <&> ünï\\n%RULE%"
    match: [{ uri: { prefix: /odd } }]
    ${TO_SHOP}
  - name: rewritten
    match: [{ uri: { prefix: /old } }]
    rewrite: { uri: /new, authority: elsewhere.example }
    ${TO_SHOP}
  - name: nowhere
    match: [{ uri: { prefix: /nowhere } }]
    route: [{ destination: { host: shop.example, subset: nobody } }]
  - { name: empty, match: [{ uri: { prefix: /empty } }], route: [{ destination: { host: empty.example } }] }
  - name: closed
    match: [{ uri: { prefix: /closed } }]
    retries: { attempts: 0 }
    route: [{ destination: { host: closed.example } }]
  - name: retried
    match: [{ uri: { prefix: /retried } }]
    retries: { attempts: 2, retryOn: 5xx }
    ${TO_SHOP}
  - name: impatient
    match: [{ uri: { prefix: /timeout } }]
    timeout: 100ms
    retries: { attempts: 0 }
    ${TO_SHOP}
  - { match: [{ uri: { prefix: /unnamed } }], ${TO_SHOP} }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: faulty, namespace: shop, annotations: { sluice.dev/fault-scope: upstream } }
spec:
  hosts: [faulty.example]
  http:
  - name: fails
    match: [{ uri: { prefix: /fails } }]
    fault: { abort: { httpStatus: 503, percentage: { value: 100 } } }
    retries: { attempts: 0 }
    route: [{ destination: { host: faulty.example } }]
`;

export interface LoggedRequest {
  /** Also its `x-request-id`, by which its line is found. */
  readonly id: string;
  readonly host?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Not by HTTP/1.1. */
  readonly version?: "1.0" | "2";
  /** The client goes while it waits. */
  readonly leaves?: true;
  readonly expect: {
    readonly rule: string | null;
    readonly match?: string;
    readonly fault?: string;
    readonly status: number;
    readonly details: string | null;
    /** Of `shop.example`; null: none, absent where targets may differ. */
    readonly cluster?: string | null;
    readonly attempts?: number;
  };
}

const SHOP = "outbound|80||shop.example";
const VIA = "via_upstream";

export const REQUESTS: readonly LoggedRequest[] = [
  {
    id: "plain",
    path: "/plain?a=1",
    expect: { rule: "shop/shop#plain", status: 200, details: VIA, cluster: SHOP, attempts: 1 },
  },
  {
    id: "http2",
    version: "2",
    path: "/plain",
    expect: { rule: "shop/shop#plain", status: 200, details: VIA, cluster: SHOP },
  },
  {
    id: "match",
    path: "/pages/a",
    expect: { rule: "shop/shop#pages.first", match: "first", status: 200, details: VIA, cluster: SHOP },
  },
  {
    id: "match-2",
    path: "/pages/b",
    expect: { rule: "shop/shop#pages.2", match: "2", status: 200, details: VIA, cluster: SHOP },
  },
  {
    id: "unnamed",
    path: "/unnamed",
    expect: { rule: "shop/shop#17", status: 200, details: VIA, cluster: SHOP },
  },
  {
    id: "abort",
    path: "/abort",
    expect: { rule: "shop/shop#broken", fault: "abort", status: 503, details: "fault_filter_abort" },
  },
  {
    id: "grpc",
    version: "2",
    path: "/grpc",
    headers: { "content-type": "application/grpc" },
    expect: { rule: "shop/shop#grpc-broken", fault: "abort", status: 200, details: "fault_filter_abort" },
  },
  {
    id: "delay",
    path: "/delay",
    expect: { rule: "shop/shop#slow", fault: "delay", status: 200, details: VIA, cluster: SHOP },
  },
  {
    id: "both",
    path: "/both",
    expect: {
      rule: "shop/shop#slow-and-broken",
      fault: "delay,abort",
      status: 418,
      details: "fault_filter_abort",
    },
  },
  {
    id: "redirect",
    path: "/moved",
    expect: { rule: "shop/shop#moved", status: 302, details: "direct_response", cluster: null },
  },
  {
    id: "direct",
    path: "/answer",
    expect: { rule: "shop/shop#answered", status: 299, details: "direct_response", cluster: null },
  },
  {
    id: "odd",
    path: "/odd",
    expect: {
      rule: "shop/shop#odd%20%22name%22%20%3C%26%3E%20%C3%BCn%C3%AF%0A%25RULE%25",
      status: 200,
      details: VIA,
      cluster: SHOP,
    },
  },
  {
    id: "rewritten",
    path: "/old/page",
    expect: { rule: "shop/shop#rewritten", status: 200, details: VIA, cluster: SHOP },
  },
  {
    id: "no-rule",
    path: "/else",
    expect: { rule: null, status: 404, details: "route_not_found", cluster: null },
  },
  {
    id: "no-host",
    host: "unknown.example",
    path: "/",
    expect: { rule: null, status: 502, details: "direct_response", cluster: null },
  },
  {
    id: "nowhere",
    path: "/nowhere",
    expect: { rule: "shop/shop#nowhere", status: 503, details: "cluster_not_found", cluster: null },
  },
  {
    id: "empty",
    path: "/empty",
    expect: {
      rule: "shop/shop#empty",
      status: 503,
      details: "no_healthy_upstream",
      cluster: "outbound|80||empty.example",
    },
  },
  {
    id: "closed",
    path: "/closed",
    expect: {
      rule: "shop/shop#closed",
      status: 503,
      details:
        "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}",
      cluster: "outbound|80||closed.example",
    },
  },
  {
    id: "retried",
    path: "/retried",
    headers: { "x-echo-status": "503", "x-echo-fail-times": "1" },
    expect: { rule: "shop/shop#retried", status: 200, details: VIA, cluster: SHOP, attempts: 2 },
  },
  {
    id: "timeout",
    path: "/timeout",
    headers: { "x-echo-delay-ms": "2000" },
    expect: { rule: "shop/shop#impatient", status: 504, details: "response_timeout", cluster: SHOP },
  },
  {
    id: "upstream-fault",
    host: "faulty.example",
    path: "/fails",
    expect: { rule: "shop/faulty#fails", status: 503, details: VIA },
  },
  {
    id: "left",
    path: "/plain",
    leaves: true,
    headers: { "x-echo-delay-ms": "20000" },
    expect: { rule: "shop/shop#plain", status: 0, details: "downstream_remote_disconnect", cluster: SHOP },
  },
  {
    id: "left-delayed",
    path: "/leave-delayed",
    leaves: true,
    expect: {
      rule: "shop/shop#very-slow",
      fault: "delay",
      status: 0,
      details: "downstream_remote_disconnect",
    },
  },
  {
    id: "forged",
    path: "/plain",
    headers: {
      "x-sluice-rule": "forged",
      "x-sluice-class": "forged",
      "x-sluice-cluster": "forged",
      "x-envoy-decorator-operation": "forged",
    },
    expect: { rule: "shop/shop#plain", status: 200, details: VIA, cluster: SHOP },
  },
];
