/** What one resource says of another. */

import type { Explanations } from "./entry.ts";

export const REFERENCES = {
  SL0301: {
    why: "What is not supported is refused by name, never silently ignored. docs/rules.md lists what works.",
    example: {
      in: "ServiceEntry",
      wrong:
        'hosts: ["*.example.com"]\nresolution: DYNAMIC_DNS\nports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8080 }]',
      right:
        'hosts: ["*.example.com"]\nresolution: DYNAMIC_DNS\nports: [{ number: 80, name: http, protocol: HTTP }]',
    },
  },
  SL0302: {
    why: "Routing does not depend on it, so check, explain, test and diff continue. An Envoy would connect differently than the rules say, so build, run and export refuse it.",
    example: {
      in: "DestinationRule",
      wrong: "trafficPolicy: { tls: { mode: ISTIO_MUTUAL } }",
      right:
        "trafficPolicy: { tls: { mode: MUTUAL, clientCertificate: /etc/certs/tls.crt, privateKey: /etc/certs/tls.key, caCertificates: /etc/certs/ca.crt } }",
    },
  },
  SL0303: {
    why: "Only HTTP names a host to an explicit proxy; other connections are told apart by the port that they arrive at. check, explain and diff know where they go all the same.",
    example: {
      in: "VirtualService",
      wrong: "hosts: [shop.example]\ntcp: [{ route: [{ destination: { host: cart.example } }] }]",
      right: "hosts: [shop.example]\nhttp: [{ route: [{ destination: { host: cart.example } }] }]",
    },
  },
  SL0401: {
    why: "Services come from the Service and ServiceEntry documents in the input. For an unknown host, Envoy answers 503.",
    example: {
      in: "http rule",
      wrong: "route: [{ destination: { host: shpo.example } }]",
      right: "route: [{ destination: { host: shop.example } }]",
    },
  },
  SL0402: {
    why: "Envoy has no cluster for a port that the service does not have, and answers 503.",
    example: {
      in: "http rule",
      wrong: "route: [{ destination: { host: shop.example, port: { number: 8080 } } }]",
      right: "route: [{ destination: { host: shop.example, port: { number: 80 } } }]",
    },
  },
  SL0403: {
    why: "Subsets are defined by a DestinationRule for the host, visible from this namespace. Without one, Envoy answers 503.",
    example: {
      in: "http rule",
      wrong: "route: [{ destination: { host: shop.example, subset: v3 } }]",
      right: "route: [{ destination: { host: shop.example, subset: v2 } }]",
    },
  },
  SL0404: {
    why: "Rules that are bound to a gateway that does not exist are never used.",
    example: {
      in: "VirtualService",
      wrong: "hosts: [shop.example]\ngateways: [egde]\nhttp: [{ redirect: { uri: /x } }]",
      right: "hosts: [shop.example]\ngateways: [edge]\nhttp: [{ redirect: { uri: /x } }]",
    },
  },
  SL0405: {
    why: "A Gateway opens its ports on the proxies that match its selector. No proxy has these labels, and they are like some that one has. --proxy-labels sets the labels of this proxy.",
    example: {
      in: "Gateway",
      wrong: "selector: { istio: ingresgateway }",
      right: "selector: { istio: ingressgateway }",
    },
  },
  SL0406: {
    why: "A policy for a host that does not exist has no effect. Usually the name is misspelt.",
    example: {
      in: "DestinationRule",
      wrong: "host: crat.example\ntrafficPolicy: { loadBalancer: { simple: RANDOM } }",
      right: "host: cart.example\ntrafficPolicy: { loadBalancer: { simple: RANDOM } }",
    },
  },
  SL0407: {
    why: "In the mesh, rules for the same host are not merged: only those of the oldest VirtualService apply.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: a }\nspec: { hosts: [shop.example], http: [{ redirect: { uri: /a } }] }\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: b }\nspec: { hosts: [shop.example], http: [{ redirect: { uri: /b } }] }",
      right:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: a }\nspec:\n  hosts: [shop.example]\n  http:\n  - match: [{ uri: { prefix: /a/ } }]\n    redirect: { uri: /a }\n  - redirect: { uri: /b }",
    },
  },
  SL0408: {
    why: "The rules apply only to hosts that a server of the Gateway accepts.",
    example: {
      in: "VirtualService",
      wrong: "hosts: [shop.test]\ngateways: [edge]\nhttp: [{ redirect: { uri: /x } }]",
      right: "hosts: [shop.example]\ngateways: [edge]\nhttp: [{ redirect: { uri: /x } }]",
    },
  },
  SL0409: {
    why: "A subset consists of the endpoints that have its labels. If there are none, Envoy answers 503.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: cart }\nspec: { hosts: [cart.example], http: [{ route: [{ destination: { host: cart.example, subset: next } }] }] }\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: cart }\nspec: { host: cart.example, subsets: [{ name: next, labels: { version: v9 } }] }",
      right:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: cart }\nspec: { hosts: [cart.example], http: [{ route: [{ destination: { host: cart.example, subset: next } }] }] }\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: cart }\nspec: { host: cart.example, subsets: [{ name: next, labels: { version: v2 } }] }",
    },
  },
  SL0410: {
    why: "Two sockets cannot be bound to the same port. By default, the mesh listener uses 15001. --port-map gateway:80=8080 moves Gateways alone, --port-map mesh:80=8080 the mesh.",
    example: {
      in: "server of a Gateway",
      wrong: "port: { number: 15001, name: http, protocol: HTTP }",
      right: "port: { number: 80, name: http, protocol: HTTP }",
    },
  },
  SL0411: {
    why: "The rule that delegates is left out, and requests meet the next one.",
    example: {
      in: "http rule",
      wrong: "delegate: { name: nobody }",
      right: "route: [{ destination: { host: shop.example } }]",
    },
  },
  SL0412: {
    why: "A delegate only sees requests that the delegating match lets through. If a rule's own match is not inside that, Istio leaves the whole rule out.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: root }\nspec:\n  hosts: [shop.example]\n  http:\n  - match: [{ uri: { prefix: /cart/ } }]\n    delegate: { name: cart }\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: cart }\nspec:\n  http:\n  - match: [{ uri: { prefix: /items/ } }]\n    redirect: { uri: /x }",
      right:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: root }\nspec:\n  hosts: [shop.example]\n  http:\n  - match: [{ uri: { prefix: /cart/ } }]\n    delegate: { name: cart }\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: cart }\nspec:\n  http:\n  - match: [{ uri: { prefix: /cart/items/ } }]\n    redirect: { uri: /x }",
    },
  },
  SL0413: {
    why: "None of the VirtualServices in the circle has a rule that decides.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: a }\nspec: { http: [{ delegate: { name: b } }] }\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: b }\nspec: { http: [{ delegate: { name: a } }] }",
      right:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: a }\nspec: { hosts: [shop.example], http: [{ delegate: { name: b } }] }\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: b }\nspec: { http: [{ redirect: { uri: /x } }] }",
    },
  },
  SL0420: {
    why: "Which of the two serves a request depends on their age, and on what else exists.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: a }\nspec:\n  selector: { istio: ingressgateway }\n  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [shop.example] }]\n---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: b }\nspec:\n  selector: { istio: ingressgateway }\n  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [shop.example] }]",
      right:
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: a }\nspec:\n  selector: { istio: ingressgateway }\n  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [shop.example, cart.example] }]",
    },
  },
  SL0421: {
    why: "Without caCertificates, the proxy's machine decides which authorities may vouch for the server, if any.",
    example: {
      in: "DestinationRule",
      wrong: "trafficPolicy: { tls: { mode: SIMPLE } }",
      right: "trafficPolicy: { tls: { mode: SIMPLE, caCertificates: /etc/certs/ca.crt } }",
    },
  },
  SL0422: {
    why: "The same as SL0421, for one port.",
    example: {
      in: "DestinationRule",
      wrong: "trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tls: { mode: SIMPLE } }] }",
      right:
        "trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, tls: { mode: SIMPLE, caCertificates: /etc/certs/ca.crt } }] }",
    },
  },
  SL0423: {
    why: "Browsers use one HTTP/2 connection for all hosts of a certificate, so requests reach the wrong Gateway.",
    example: {
      in: "sketch",
      wrong: "two Gateways, each with a server of its own, and one credentialName in both",
      right: "one Gateway with both servers, or a certificate for each",
    },
  },
  SL0424: {
    why: "A proxy cannot use it: a part is missing, or is not a certificate.",
    example: {
      in: "sketch",
      wrong: "a Secret of type Opaque without tls.key",
      right: "kubectl create secret tls NAME --cert=tls.crt --key=tls.key",
    },
  },
  SL0425: {
    why: "Reported only if the input contains Secrets at all, since keys are seldom kept with rules. Resources that create Secrets count as well: a Certificate, an ExternalSecret, a SealedSecret.",
    example: {
      in: "sketch",
      wrong: "credentialName: shop-crt, beside a Secret named shop-cert",
      right: "credentialName: shop-cert",
    },
  },
  SL0426: {
    why: "The Service in front of a gateway's Pods must have the port; otherwise clients cannot reach it.",
    example: {
      in: "file",
      wrong:
        "apiVersion: v1\nkind: Pod\nmetadata: { name: edge, labels: { istio: ingressgateway } }\nstatus: { podIP: 192.0.2.9 }\n---\napiVersion: v1\nkind: Service\nmetadata: { name: edge }\nspec: { selector: { istio: ingressgateway }, ports: [{ name: http, port: 80 }] }\n---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: shop }\nspec:\n  selector: { istio: ingressgateway }\n  servers: [{ port: { number: 8080, name: http, protocol: HTTP }, hosts: [shop.example] }]",
      right:
        "apiVersion: v1\nkind: Pod\nmetadata: { name: edge, labels: { istio: ingressgateway } }\nstatus: { podIP: 192.0.2.9 }\n---\napiVersion: v1\nkind: Service\nmetadata: { name: edge }\nspec: { selector: { istio: ingressgateway }, ports: [{ name: http, port: 80 }] }\n---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: shop }\nspec:\n  selector: { istio: ingressgateway }\n  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [shop.example] }]",
    },
  },
  SL0427: {
    why: "This matters if Istio's own gateway serves the rules. A proxy that Sluice runs opens any port.",
    example: {
      in: "server of a Gateway",
      wrong: "port: { number: 8000, name: http, protocol: HTTP }",
      right: "port: { number: 80, name: http, protocol: HTTP }",
    },
  },
  SL0428: {
    why: "Without a port, the request's own port is kept, which at a gateway is the gateway's.",
    example: {
      in: "http rule",
      wrong: "route: [{ destination: { host: many.example } }]",
      right: "route: [{ destination: { host: many.example, port: { number: 8080 } } }]",
    },
  },
  SL0429: {
    why: "A gateway uses only the rules of its own VirtualServices. Those of the mesh come too late.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: split }\nspec:\n  hosts: [shop.example]\n  http: [{ route: [{ destination: { host: shop.example, subset: v1 } }] }]\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: public }\nspec:\n  hosts: [www.example]\n  gateways: [edge]\n  http: [{ route: [{ destination: { host: shop.example } }] }]",
      right:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: public }\nspec:\n  hosts: [www.example]\n  gateways: [edge]\n  http: [{ route: [{ destination: { host: shop.example, subset: v1 } }] }]",
    },
  },
  SL0430: {
    why: "Claims come from a token that a RequestAuthentication verified; without one there are none.",
    example: {
      in: "VirtualService",
      wrong:
        'hosts: [shop.example]\ngateways: [edge]\nhttp:\n- match: [{ headers: { "@request.auth.claims.group": { exact: admin } } }]\n  redirect: { uri: /x }',
      right:
        "hosts: [shop.example]\ngateways: [edge]\nhttp:\n- match: [{ headers: { x-group: { exact: admin } } }]\n  redirect: { uri: /x }",
    },
  },
  SL0431: {
    why: "istiod generates it from a Gateway of Kubernetes, and may name it differently in its next version.",
    example: {
      in: "VirtualService",
      wrong:
        "hosts: [shop.example]\ngateways: [edge~istio-autogenerated-k8s-gateway~http]\nhttp: [{ redirect: { uri: /x } }]",
      right: "hosts: [shop.example]\ngateways: [edge]\nhttp: [{ redirect: { uri: /x } }]",
    },
  },
  SL0432: {
    why: "The port is served with one protocol only, that of the oldest entry.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: { name: a }\nspec: { hosts: [api.example], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: DNS }\n---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: { name: b }\nspec: { hosts: [api.example], ports: [{ number: 80, name: tls, protocol: TLS }], resolution: DNS }",
      right:
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: { name: a }\nspec: { hosts: [api.example], ports: [{ number: 80, name: http, protocol: HTTP }, { number: 443, name: tls, protocol: TLS }], resolution: DNS }",
    },
  },
  SL0433: {
    why: "The field counts in whole percents only. Istio has replaced it with percentage.",
    example: {
      in: "http rule",
      wrong: "fault: { delay: { fixedDelay: 2s, percent: 10 } }",
      right: "fault: { delay: { fixedDelay: 2s, percentage: { value: 10 } } }",
    },
  },
  SL0434: {
    why: "TCP ports can only be told apart by address. With --dns, or ISTIO_META_DNS_CAPTURE in proxyMetadata, a ServiceEntry without addresses gets one.",
    example: {
      in: "ServiceEntry",
      wrong: "ports: [{ number: 5432, name: tcp, protocol: TCP }]\nresolution: DNS",
      right: "addresses: [10.1.2.3]\nports: [{ number: 5432, name: tcp, protocol: TCP }]\nresolution: DNS",
    },
  },
  SL0440: {
    why: "Envoy would wait for the certificate forever, and refuse every connection. Secrets are documents in the input, or folders below --secrets-directory. Questions about rules need none.",
    example: {
      in: "sketch",
      wrong: "sluice build, with credentialName: shop-cert and no such Secret",
      right: "sluice build --secrets-directory DIR, with DIR/shop-cert/tls.crt and tls.key",
    },
  },
  SL0441: {
    why: "Envoy refuses the whole update. Both must be PEM, and the key must belong to the first certificate.",
    example: {
      in: "sketch",
      wrong: "tls.crt with the key of another certificate beside it",
      right: "openssl x509 -in tls.crt -noout -pubkey and openssl pkey -in tls.key -pubout print the same",
    },
  },
  SL0442: {
    why: "Clients refuse the certificate. Envoy serves it nevertheless.",
    example: {
      in: "sketch",
      wrong: "openssl x509 -in tls.crt -noout -checkend 0 says that it will expire",
      right: "a renewed certificate under the same name",
    },
  },
  SL0443: {
    why: "A port serves either HTTP or plain connections. Of servers that exclude one another, the first one is kept.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: mixed }\nspec:\n  selector: { istio: ingressgateway }\n  servers:\n  - { port: { number: 8080, name: http, protocol: HTTP }, hosts: [shop.example] }\n  - { port: { number: 8080, name: tcp, protocol: TCP }, hosts: [cart.example] }",
      right:
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: mixed }\nspec:\n  selector: { istio: ingressgateway }\n  servers:\n  - { port: { number: 8080, name: http, protocol: HTTP }, hosts: [shop.example] }\n  - { port: { number: 8081, name: tcp, protocol: TCP }, hosts: [cart.example] }",
    },
  },
  SL0444: {
    why: "A TCP connection names no host. Services on the same port of a sidecar are told apart by their addresses, or by the name that a TLS client asks for. With --dns, a ServiceEntry without addresses gets one. With resolution NONE, a connection goes to the address that it was meant for, which must not be the proxy's own.",
    example: {
      in: "ServiceEntry",
      wrong:
        "ports: [{ number: 5432, name: tcp, protocol: TCP }]\nresolution: STATIC\nendpoints: [{ address: 192.0.2.7 }]",
      right:
        "addresses: [10.1.2.3]\nports: [{ number: 5432, name: tcp, protocol: TCP }]\nresolution: STATIC\nendpoints: [{ address: 192.0.2.7 }]",
    },
  },
  SL0445: {
    why: "Envoy would wait for the file. A build may be for another machine; sluice run is for this one.",
    example: {
      in: "sketch",
      wrong: "sluice run, with serverCertificate: /etc/certs/tls.crt and no such file",
      right: "a file at that path, or a credentialName and --secrets-directory",
    },
  },
  SL0446: {
    why: "The Gateway belongs to another proxy, such as an internal one, so explain and diff say nothing about its rules. That proxy exists if a Pod, a Service or a template has the labels; Istio's own gateways always exist.",
    example: {
      in: "Gateway",
      wrong: "selector: { app: partner-edge }",
      right: "selector: { istio: egressgateway }",
    },
  },
  SL0448: {
    why: "Which Pods have the labels is not known here: the input has the Service, and neither a Pod, nor a template of one, nor an endpoint. Without any, requests to the subset get a 503.",
    example: {
      in: "file",
      wrong:
        "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: { app: web }, ports: [{ port: 80 }] }\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: web }\nspec: { host: web, subsets: [{ name: v1, labels: { version: v1 } }] }",
      right:
        "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: { app: web }, ports: [{ port: 80 }] }\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { template: { metadata: { labels: { app: web, version: v1 } } } }\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: web }\nspec: { host: web, subsets: [{ name: v1, labels: { version: v1 } }] }",
    },
  },
} as const satisfies Explanations;
