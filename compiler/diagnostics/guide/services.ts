/** One ServiceEntry or DestinationRule by itself. */

import type { Explanations } from "./entry.ts";

export const SERVICES = {
  SL0280: {
    why: "A service is found by its host. (If the whole field is missing, SL0106 reports it.)",
    example: { in: "sketch", wrong: "a ServiceEntry without hosts", right: "hosts: [api.example]" },
  },
  SL0281: {
    why: "Few proxies match * inside a label. Envoy's own DNS does so only for DYNAMIC_DNS.",
    example: {
      in: "ServiceEntry",
      wrong: 'hosts: ["*api.example"]\nresolution: NONE',
      right: 'hosts: ["*.api.example"]\nresolution: NONE',
    },
  },
  SL0282: {
    why: "A range of addresses cannot be looked up by DNS.",
    example: {
      in: "ServiceEntry",
      wrong: "addresses: [10.0.0.0/24]\nresolution: DNS",
      right: "addresses: [10.0.0.0/24]\nresolution: NONE",
    },
  },
  SL0283: {
    why: "Ports are told apart by name and by number.",
    example: {
      in: "ServiceEntry",
      wrong:
        "ports: [{ number: 80, name: http, protocol: HTTP }, { number: 81, name: http, protocol: HTTP }]",
      right:
        "ports: [{ number: 80, name: http, protocol: HTTP }, { number: 81, name: http-more, protocol: HTTP }]",
    },
  },
  SL0284: {
    why: "The protocol decides whether http rules apply at all.",
    example: {
      in: "ServiceEntry",
      wrong: "ports: [{ number: 80, name: http, protocol: HTTP/1.1 }]",
      right: "ports: [{ number: 80, name: http, protocol: HTTP }]",
    },
  },
  SL0285: {
    why: "A TCP connection names no host. Without addresses, the entry would get all connections to that port, whichever service they are for.",
    example: {
      in: "ServiceEntry",
      wrong: "ports: [{ number: 5432, name: tcp, protocol: TCP }]\nresolution: NONE",
      right: "addresses: [10.1.2.3]\nports: [{ number: 5432, name: tcp, protocol: TCP }]\nresolution: NONE",
    },
  },
  SL0286: {
    why: "A TCP connection names no host, so the hosts could not be told apart.",
    example: {
      in: "ServiceEntry",
      wrong:
        "hosts: [a.example, b.example]\nports: [{ number: 5432, name: tcp, protocol: TCP }]\nresolution: STATIC\nendpoints: [{ address: 192.0.2.7 }]\naddresses: [10.1.2.3]",
      right:
        "hosts: [a.example]\nports: [{ number: 5432, name: tcp, protocol: TCP }]\nresolution: STATIC\nendpoints: [{ address: 192.0.2.7 }]\naddresses: [10.1.2.3]",
    },
  },
  SL0287: {
    why: "With STATIC, an endpoint is an IP address; otherwise it may be a host name. Its ports use the names of the entry's ports.",
    example: {
      in: "ServiceEntry",
      wrong: "resolution: STATIC\nendpoints: [{ address: db.example }]",
      right: "resolution: DNS\nendpoints: [{ address: db.example }]",
    },
  },
  SL0288: {
    why: "The resolution decides which fields are allowed, because it decides how endpoints are found.",
    example: {
      in: "ServiceEntry",
      wrong: "resolution: NONE\nendpoints: [{ address: 192.0.2.7 }]",
      right: "resolution: STATIC\nendpoints: [{ address: 192.0.2.7 }]",
    },
  },
  SL0289: {
    why: "Connections to these addresses go to the first host only.",
    example: {
      in: "ServiceEntry",
      wrong:
        "hosts: [a.example, b.example]\naddresses: [10.1.2.3]\nports: [{ number: 443, name: tls, protocol: TLS }]\nresolution: DNS",
      right:
        "hosts: [a.example]\naddresses: [10.1.2.3]\nports: [{ number: 443, name: tls, protocol: TLS }]\nresolution: DNS",
    },
  },
  SL0290: {
    why: "It has no effect, which is probably not what you meant.",
    example: {
      in: "DestinationRule",
      wrong: "trafficPolicy: {}",
      right: "trafficPolicy: { connectionPool: { http: { http2MaxRequests: 100 } } }",
    },
  },
  SL0291: {
    why: "A tunnel asks another proxy, by CONNECT or POST, for a host and a port.",
    example: {
      in: "DestinationRule",
      wrong: "trafficPolicy: { tunnel: { protocol: GET, targetHost: a.example, targetPort: 443 } }",
      right: "trafficPolicy: { loadBalancer: { simple: ROUND_ROBIN } }",
    },
  },
  SL0292: {
    why: "The settings apply to one port of the service, which must be given by number.",
    example: {
      in: "DestinationRule",
      wrong: "trafficPolicy: { portLevelSettings: [{ loadBalancer: { simple: RANDOM } }] }",
      right:
        "trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, loadBalancer: { simple: RANDOM } }] }",
    },
  },
  SL0293: {
    why: "Limits count something: none may be negative, and some have no meaning without another.",
    example: {
      in: "DestinationRule",
      wrong: "trafficPolicy: { connectionPool: { http: { http2MaxRequests: -1 } } }",
      right: "trafficPolicy: { connectionPool: { http: { http2MaxRequests: 100 } } }",
    },
  },
  SL0294: {
    why: "It selects everything, or something that is never used.",
    example: {
      in: "DestinationRule",
      wrong: 'exportTo: ["."]\nworkloadSelector: { matchLabels: {} }',
      right: 'exportTo: ["."]\nworkloadSelector: { matchLabels: { app: web } }',
    },
  },
  SL0295: {
    why: "Istio has replaced the field, and it does little or nothing.",
    example: {
      in: "DestinationRule",
      wrong: "trafficPolicy: { outlierDetection: { consecutiveErrors: 5 } }",
      right: "trafficPolicy: { outlierDetection: { consecutive5xxErrors: 5 } }",
    },
  },
  SL0296: {
    why: "MUTUAL presents a certificate, so there must be exactly one source for it. If the server is not verified, authorities have no effect.",
    example: {
      in: "DestinationRule",
      wrong: "trafficPolicy: { tls: { mode: MUTUAL, caCertificates: /etc/certs/ca.crt } }",
      right: "trafficPolicy: { tls: { mode: SIMPLE, caCertificates: /etc/certs/ca.crt } }",
    },
  },
  SL0297: {
    why: "A hash needs something to be computed from, and the size of a Maglev table must be a prime number.",
    example: {
      in: "DestinationRule",
      wrong:
        "trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: x-user, maglev: { tableSize: 1000 } } } }",
      right:
        "trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: x-user, maglev: { tableSize: 65537 } } } }",
    },
  },
  SL0298: {
    why: "The shares of a locality add up to 100. Failover goes from one region to another.",
    example: {
      in: "DestinationRule",
      wrong:
        'trafficPolicy:\n  outlierDetection: { consecutive5xxErrors: 5 }\n  loadBalancer: { localityLbSetting: { distribute: [{ from: eu/a, to: { "eu/a": 80, "eu/b": 10 } }] } }',
      right:
        'trafficPolicy:\n  outlierDetection: { consecutive5xxErrors: 5 }\n  loadBalancer: { localityLbSetting: { distribute: [{ from: eu/a, to: { "eu/a": 80, "eu/b": 20 } }] } }',
    },
  },
  SL0299: {
    why: "Without outlier detection no endpoint is ever considered unhealthy, so requests never go elsewhere.",
    example: {
      in: "DestinationRule",
      wrong: "trafficPolicy:\n  loadBalancer: { localityLbSetting: { failover: [{ from: eu, to: us }] } }",
      right:
        "trafficPolicy:\n  outlierDetection: { consecutive5xxErrors: 5 }\n  loadBalancer: { localityLbSetting: { failover: [{ from: eu, to: us }] } }",
    },
  },
} as const satisfies Explanations;
