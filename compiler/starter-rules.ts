/**
 * The rule set that `sluice init` writes: small, and with one of everything that one begins with. Texts, since a bundle
 * carries no other files; a test checks, tests and explains them.
 */

/** By their paths below the folder, with `/`. */
export const STARTER_FILES: ReadonlyMap<string, string> = new Map([
  [
    "sluice.yaml",
    `# Options of Sluice; see "sluice help check". Flags win over them.
paths: [rules]
# Port 80 of the Gateway is bound as 8080, which needs no privileges.
portMap: { "gateway:80": 8080 }
`,
  ],
  [
    "rules/gateway.yaml",
    `# What may enter from outside, and at which port.
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  selector: { istio: ingressgateway }
  servers:
    - port: { number: 80, name: http, protocol: HTTP }
      hosts: [shop.example]
`,
  ],
  [
    "rules/shop.yaml",
    `# The service: two versions of it, at two addresses. Put yours here.
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: shop }
spec:
  hosts: [shop.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints:
    - { address: 127.0.0.1, ports: { http: 9001 }, labels: { version: v1 } }
    - { address: 127.0.0.1, ports: { http: 9002 }, labels: { version: v2 } }
---
# Names for the versions.
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: shop }
spec:
  host: shop.example
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
---
# Where requests go. The first rule that matches decides.
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop.example]
  gateways: [edge, mesh]
  http:
    - name: hello
      match: [{ uri: { exact: /hello } }]
      directResponse: { status: 200, body: { string: "Hello from Envoy.\\n" } }
    - name: beta
      match: [{ headers: { x-beta: { exact: "yes" } } }]
      route: [{ destination: { host: shop.example, subset: v2 } }]
    - name: canary
      timeout: 2s
      route:
        - { destination: { host: shop.example, subset: v1 }, weight: 90 }
        - { destination: { host: shop.example, subset: v2 }, weight: 10 }
`,
  ],
  [
    "tests/shop.yaml",
    `# What the rules should do, for "sluice test".
name: who asks for the beta gets v2
checks:
  - ask: GET http://shop.example/
    headers: { x-beta: "yes" }
    expect: { route: beta, cluster: shop.example/v2 }
---
name: one request in ten goes to v2
checks:
  - ask: GET http://shop.example/
    shares: { clusters: { shop.example/v1: 0.9, shop.example/v2: 0.1 } }
---
name: the proxy itself says hello
at: gateway_80
checks:
  - ask: GET http://shop.example/hello
    expect: { status: 200, cluster: none }
`,
  ],
]);
