/** One Gateway by itself. */

import type { Explanations } from "./entry.ts";

export const GATEWAYS = {
  SL0263: {
    why: "A server that terminates TLS needs one certificate with its key, from one source. MUTUAL also needs the authorities that verify clients.",
    example: {
      in: "server of a Gateway",
      wrong: "port: { number: 443, name: https, protocol: HTTPS }\ntls: { mode: SIMPLE }",
      right:
        "port: { number: 443, name: https, protocol: HTTPS }\ntls: { mode: SIMPLE, serverCertificate: /etc/certs/tls.crt, privateKey: /etc/certs/tls.key }",
    },
  },
  SL0272: {
    why: "A Gateway's name becomes part of names in Envoy.",
    example: {
      in: "file",
      wrong:
        'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: Edge_1 }\nspec:\n  selector: { istio: ingressgateway }\n  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]',
      right:
        'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: edge-1 }\nspec:\n  selector: { istio: ingressgateway }\n  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }]',
    },
  },
  SL0273: {
    why: "No request could enter through it.",
    example: {
      in: "server of a Gateway",
      wrong: "hosts: []",
      right: 'hosts: ["*"]',
    },
  },
  SL0274: {
    why: "Each server binds the port that it names; the port's name tells the servers of a Gateway apart. Use --port-map to bind another port.",
    example: {
      in: "server of a Gateway",
      wrong: "port: { number: 80, name: http, protocol: HTTP, targetPort: 8080 }",
      right: "port: { number: 80, name: http, protocol: HTTP }",
    },
  },
  SL0275: {
    why: "HTTPS and TLS need settings for TLS, and HTTP and TCP must not have any.",
    example: {
      in: "server of a Gateway",
      wrong: "port: { number: 443, name: https, protocol: HTTPS }",
      right:
        "port: { number: 443, name: https, protocol: HTTPS }\ntls: { mode: SIMPLE, serverCertificate: /etc/certs/tls.crt, privateKey: /etc/certs/tls.key }",
    },
  },
  SL0276: {
    why: "A server's hosts are full names, in which only the first label may be *. A namespace before / restricts whose rules may serve them.",
    example: {
      in: "server of a Gateway",
      wrong: "hosts: [shop]",
      right: "hosts: [default/shop.example]",
    },
  },
  SL0277: {
    why: "A client that already uses TLS does not need to be redirected to it.",
    example: {
      in: "server of a Gateway",
      wrong:
        "port: { number: 443, name: https, protocol: HTTPS }\ntls: { httpsRedirect: true, mode: SIMPLE, serverCertificate: /etc/certs/tls.crt, privateKey: /etc/certs/tls.key }",
      right: "port: { number: 80, name: http, protocol: HTTP }\ntls: { httpsRedirect: true }",
    },
  },
  SL0278: {
    why: "A listener binds an IP address of its machine or, with port 0, the path of a Unix socket.",
    example: {
      in: "server of a Gateway",
      wrong: "bind: edge.example",
      right: "bind: 192.0.2.1",
    },
  },
  SL0279: {
    why: "Envoy drops the setting, or nothing uses it: the server is less secure than it looks.",
    example: {
      in: "server of a Gateway",
      wrong:
        "port: { number: 443, name: https, protocol: HTTPS }\ntls: { mode: SIMPLE, serverCertificate: /etc/certs/tls.crt, privateKey: /etc/certs/tls.key, cipherSuites: [NO-SUCH-SUITE, ECDHE-RSA-AES128-GCM-SHA256] }",
      right:
        "port: { number: 443, name: https, protocol: HTTPS }\ntls: { mode: SIMPLE, serverCertificate: /etc/certs/tls.crt, privateKey: /etc/certs/tls.key, cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256] }",
    },
  },
  SL0979: {
    why: "Servers of one port without TLS are one listener. What a listener has once is that of the oldest of its Gateways.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: my-edge }\nspec:\n  selector: { istio: ingressgateway }\n  servers: [{ port: { number: 8088, name: http, protocol: HTTP }, hosts: [shop.example] }]\n---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: other-edge, annotations: { sluice.dev/compression: gzip } }\nspec:\n  selector: { istio: ingressgateway }\n  servers: [{ port: { number: 8088, name: http, protocol: HTTP }, hosts: [cart.example] }]",
      right:
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: my-edge, annotations: { sluice.dev/compression: gzip } }\nspec:\n  selector: { istio: ingressgateway }\n  servers: [{ port: { number: 8088, name: http, protocol: HTTP }, hosts: [shop.example] }]\n---\napiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: other-edge, annotations: { sluice.dev/compression: gzip } }\nspec:\n  selector: { istio: ingressgateway }\n  servers: [{ port: { number: 8088, name: http, protocol: HTTP }, hosts: [cart.example] }]",
    },
  },
} as const satisfies Explanations;
