/** One Gateway by itself. */

import type { Explanations } from "./entry.ts";

export const GATEWAYS = {
  SL0263: {
    why: "A server that ends TLS needs one certificate and its key, from one source; MUTUAL also needs what to verify clients with.",
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
    why: "Nobody could come in by it.",
    example: {
      in: "server of a Gateway",
      wrong: "hosts: []",
      right: 'hosts: ["*"]',
    },
  },
  SL0274: {
    why: "Each server binds the port that it names; the name tells it from the other servers of the Gateway. Another port to bind is given by --port-map.",
    example: {
      in: "server of a Gateway",
      wrong: "port: { number: 80, name: http, protocol: HTTP, targetPort: 8080 }",
      right: "port: { number: 80, name: http, protocol: HTTP }",
    },
  },
  SL0275: {
    why: "HTTPS and TLS need to know what to do with TLS, and HTTP and TCP have none.",
    example: {
      in: "server of a Gateway",
      wrong: "port: { number: 443, name: https, protocol: HTTPS }",
      right:
        "port: { number: 443, name: https, protocol: HTTPS }\ntls: { mode: SIMPLE, serverCertificate: /etc/certs/tls.crt, privateKey: /etc/certs/tls.key }",
    },
  },
  SL0276: {
    why: "A server's hosts are whole names, with * in place of the first label at most, and a namespace before / if only its rules may serve them.",
    example: {
      in: "server of a Gateway",
      wrong: "hosts: [shop]",
      right: "hosts: [default/shop.example]",
    },
  },
  SL0277: {
    why: "Whoever came over TLS need not be told to.",
    example: {
      in: "server of a Gateway",
      wrong:
        "port: { number: 443, name: https, protocol: HTTPS }\ntls: { httpsRedirect: true, mode: SIMPLE, serverCertificate: /etc/certs/tls.crt, privateKey: /etc/certs/tls.key }",
      right: "port: { number: 80, name: http, protocol: HTTP }\ntls: { httpsRedirect: true }",
    },
  },
  SL0278: {
    why: "A listener binds an IP address of its machine, or with port 0 the path of a unix socket.",
    example: {
      in: "server of a Gateway",
      wrong: "bind: edge.example",
      right: "bind: 192.0.2.1",
    },
  },
  SL0279: {
    why: "Envoy drops it, or nothing asks for it: the server is not as safe as it looks.",
    example: {
      in: "server of a Gateway",
      wrong:
        "port: { number: 443, name: https, protocol: HTTPS }\ntls: { mode: SIMPLE, serverCertificate: /etc/certs/tls.crt, privateKey: /etc/certs/tls.key, cipherSuites: [NO-SUCH-SUITE, ECDHE-RSA-AES128-GCM-SHA256] }",
      right:
        "port: { number: 443, name: https, protocol: HTTPS }\ntls: { mode: SIMPLE, serverCertificate: /etc/certs/tls.crt, privateKey: /etc/certs/tls.key, cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256] }",
    },
  },
} as const satisfies Explanations;
