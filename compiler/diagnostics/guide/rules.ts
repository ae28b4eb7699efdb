/** One VirtualService by itself. */

import type { Explanations } from "./entry.ts";

export const RULES = {
  SL0211: {
    why: "A VirtualService without hosts holds rules that others delegate to. Its hosts and gateways are those of whoever delegates.",
    example: {
      in: "VirtualService",
      wrong: "gateways: [edge]\nhttp: [{ redirect: { uri: /x } }]",
      right: "http: [{ redirect: { uri: /x } }]",
    },
  },
  SL0212: {
    why: "A gateway is named by name, or by namespace/name; mesh stands for the services themselves.",
    example: {
      in: "VirtualService",
      wrong: "hosts: [shop.example]\ngateways: [a/b/edge]\nhttp: [{ redirect: { uri: /x } }]",
      right: "hosts: [shop.example]\ngateways: [default/edge]\nhttp: [{ redirect: { uri: /x } }]",
    },
  },
  SL0213: {
    why: "Istio still reads a Gateway's name as a DNS name of its namespace, and warns of it.",
    example: {
      in: "VirtualService",
      wrong:
        "hosts: [shop.example]\ngateways: [edge.default.svc.cluster.local]\nhttp: [{ redirect: { uri: /x } }]",
      right: "hosts: [shop.example]\ngateways: [default/edge]\nhttp: [{ redirect: { uri: /x } }]",
    },
  },
  SL0214: {
    why: "Claims are known where a token was checked, which is at a gateway. A rule that also holds in the mesh would never match there.",
    example: {
      in: "http rule",
      wrong: 'match: [{ headers: { "@request.auth.claims.group": { exact: admin } } }]',
      right: "match: [{ headers: { x-group: { exact: admin } } }]",
    },
  },
  SL0215: {
    why: "It would rule every service of the mesh, and those outside of it.",
    example: {
      in: "VirtualService",
      wrong: 'hosts: ["*"]\nhttp: [{ redirect: { uri: /x } }]',
      right: "hosts: [shop.example]\nhttp: [{ redirect: { uri: /x } }]",
    },
  },
  SL0216: {
    why: "Each host is ruled once. Upper and lower case are the same.",
    example: {
      in: "VirtualService",
      wrong: 'hosts: ["*.shop.example", eu.shop.example]\nhttp: [{ redirect: { uri: /x } }]',
      right: 'hosts: ["*.shop.example"]\nhttp: [{ redirect: { uri: /x } }]',
    },
  },
  SL0217: {
    why: "It would do nothing, and take the host from others.",
    example: {
      in: "VirtualService",
      wrong: "hosts: [shop.example]",
      right: "hosts: [shop.example]\nhttp: [{ route: [{ destination: { host: shop.example } }] }]",
    },
  },
  SL0218: {
    why: "A rule does one of: route, redirect, directResponse, delegate. What belongs to forwarding has no meaning beside an answer.",
    example: {
      in: "http rule",
      wrong: "redirect: { uri: /new }\nroute: [{ destination: { host: shop.example } }]",
      right: "redirect: { uri: /new }",
    },
  },
  SL0219: {
    why: "Rules are delegated one level deep.",
    example: {
      in: "VirtualService",
      wrong: "http: [{ delegate: { name: more } }]",
      right: "http: [{ redirect: { uri: /x } }]",
    },
  },
  SL0220: {
    why: "No client can send such a header, and no server would take it.",
    example: {
      in: "http rule",
      wrong: 'match: [{ headers: { "end user": { exact: jason } } }]',
      right: "match: [{ headers: { end-user: { exact: jason } } }]",
    },
  },
  SL0221: {
    why: "Pseudo headers are the request itself: rewrite changes the path and the host, and method and scheme stay.",
    example: {
      in: "http rule",
      wrong: 'headers: { request: { set: { ":path": /new } } }',
      right: "rewrite: { uri: /new }",
    },
  },
  SL0222: {
    why: "In a header's value % begins one of Envoy's variables, %REQ(name)% say. A plain percent sign is written twice.",
    example: {
      in: "http rule",
      wrong: 'headers: { request: { set: { x-share: "100%" } } }',
      right: 'headers: { request: { set: { x-share: "100%%" } } }',
    },
  },
  SL0223: {
    why: "Connections would have nowhere to go.",
    example: {
      in: "VirtualService",
      wrong: "hosts: [shop.example]\ngateways: [edge]\ntcp: [{ match: [{ port: 9000 }] }]",
      right:
        "hosts: [shop.example]\ngateways: [edge]\ntcp: [{ match: [{ port: 9000 }], route: [{ destination: { host: shop.example } }] }]",
    },
  },
  SL0224: {
    why: "Shares are weight by sum of weights. They need not add up to 100, but to more than nothing.",
    example: {
      in: "http rule",
      wrong:
        "route:\n- { destination: { host: shop.example }, weight: 0 }\n- { destination: { host: cart.example }, weight: 0 }",
      right:
        "route:\n- { destination: { host: shop.example }, weight: 9 }\n- { destination: { host: cart.example }, weight: 1 }",
    },
  },
  SL0225: {
    why: "Subsets become parts of names in Envoy: letters, digits and hyphens, and each name once.",
    example: {
      in: "DestinationRule",
      wrong: "subsets: [{ name: v_1|x, labels: { version: v1 } }]",
      right: "subsets: [{ name: v1, labels: { version: v1 } }]",
    },
  },
  SL0226: {
    why: "A header operation on host and a rewrite would each want the last word.",
    example: {
      in: "http rule",
      wrong: "rewrite: { authority: a.example }\nheaders: { request: { set: { host: b.example } } }",
      right: "rewrite: { authority: a.example }",
    },
  },
  SL0227: {
    why: "Annotations under sluice.dev are read by Sluice alone, so a slip in one would be a feature that is off.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web, annotations: { sluice.dev/stick: source-ip } }\nspec: { hosts: [shop.example], http: [{ redirect: { uri: /x } }] }",
      right:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web, annotations: { sluice.dev/sticky: source-ip } }\nspec: { hosts: [shop.example], http: [{ redirect: { uri: /x } }] }",
    },
  },
  SL0230: {
    why: "A fault delays, aborts, or both.",
    example: {
      in: "http rule",
      wrong: "fault: {}",
      right: "fault: { delay: { fixedDelay: 2s, percentage: { value: 10 } } }",
    },
  },
  SL0231: {
    why: "Istio's API has these fields, and nothing in Envoy does what they say.",
    example: {
      in: "http rule",
      wrong: "fault: { delay: { exponentialDelay: 2s } }",
      right: "fault: { delay: { fixedDelay: 2s } }",
    },
  },
  SL0232: {
    why: "Only final answers can be given: 200 to 599, and the statuses that gRPC has.",
    example: {
      in: "http rule",
      wrong: "fault: { abort: { httpStatus: 99 } }",
      right: "fault: { abort: { httpStatus: 503 } }",
    },
  },
  SL0233: {
    why: "Percentages are 0 to 100, in steps of 0.0001: Envoy counts in parts of a million.",
    example: {
      in: "http rule",
      wrong: "fault: { abort: { httpStatus: 503, percentage: { value: 150 } } }",
      right: "fault: { abort: { httpStatus: 503, percentage: { value: 0.5 } } }",
    },
  },
  SL0235: {
    why: "It counts in whole percents only, and Istio replaced it long ago.",
    example: {
      in: "http rule",
      wrong: "mirror: { host: cart.example }\nmirrorPercent: 5",
      right: "mirror: { host: cart.example }\nmirrorPercentage: { value: 5 }",
    },
  },
  SL0240: {
    why: "A redirect without a change would send clients in circles.",
    example: {
      in: "http rule",
      wrong: "redirect: { redirectCode: 200, uri: /new }",
      right: "redirect: { redirectCode: 302, uri: /new }",
    },
  },
  SL0241: {
    why: "Every proxy keeps the body in memory.",
    example: {
      in: "sketch",
      wrong: "a directResponse with a body of more than 1 MiB",
      right: "a route to a service that serves it",
    },
  },
  SL0242: {
    why: "Every proxy keeps the body in memory. Istio warns from here on.",
    example: {
      in: "sketch",
      wrong: "a directResponse with a body of more than 100 KiB",
      right: "a route to a service that serves it",
    },
  },
  SL0243: {
    why: "A rewrite replaces the path, by text or by expression, the authority, or both.",
    example: {
      in: "http rule",
      wrong: "rewrite: {}",
      right: "rewrite: { uri: /v2 }",
    },
  },
  SL0250: {
    why: "Browsers compare these lists word by word; what is misspelt is refused to them.",
    example: {
      in: "http rule",
      wrong: "corsPolicy: { allowOrigins: [{ exact: https://a.example }], allowMethods: [get] }",
      right: "corsPolicy: { allowOrigins: [{ exact: https://a.example }], allowMethods: [GET] }",
    },
  },
  SL0251: {
    why: "attempts: 0 turns retries off, so nothing else of them can mean anything.",
    example: {
      in: "http rule",
      wrong: "retries: { attempts: 0, perTryTimeout: 1s }",
      right: "retries: { attempts: 2, perTryTimeout: 1s }",
    },
  },
  SL0252: {
    why: "Envoy ignores conditions that it does not know: a slip would turn retries off in silence.",
    example: {
      in: "http rule",
      wrong: 'retries: { attempts: 2, retryOn: "5xx, conect-failure" }',
      right: 'retries: { attempts: 2, retryOn: "gateway-error,connect-failure" }',
    },
  },
  SL0260: {
    why: "All that is known of a TLS connection before it is open is the name that the client asks for. Rules hold for their hosts only.",
    example: {
      in: "VirtualService",
      wrong:
        "hosts: [shop.example]\ngateways: [edge]\ntls: [{ match: [{ port: 443, sniHosts: [other.test] }], route: [{ destination: { host: shop.example } }] }]",
      right:
        "hosts: [shop.example]\ngateways: [edge]\ntls: [{ match: [{ port: 443, sniHosts: [shop.example] }], route: [{ destination: { host: shop.example } }] }]",
    },
  },
  SL0261: {
    why: "By RFC 6066 a client sends no SNI for an address, so the match never holds.",
    example: {
      in: "VirtualService",
      wrong:
        "hosts: [shop.example]\ngateways: [edge]\ntls: [{ match: [{ port: 443, sniHosts: [192.0.2.1] }], route: [{ destination: { host: shop.example } }] }]",
      right:
        "hosts: [shop.example]\ngateways: [edge]\ntls: [{ match: [{ port: 443, sniHosts: [shop.example] }], route: [{ destination: { host: shop.example } }] }]",
    },
  },
  SL0262: {
    why: "Addresses are IPv4 or IPv6, with a prefix length behind / for a range of them.",
    example: {
      in: "ServiceEntry",
      wrong: "addresses: [10.0.0.0/33]",
      right: "addresses: [10.0.0.0/8]",
    },
  },
  SL0270: {
    why: "Rules are tried in their order, and earlier ones take every request that this one could. Put the narrower ones first.",
    example: {
      in: "VirtualService",
      wrong:
        "hosts: [shop.example]\nhttp:\n- route: [{ destination: { host: shop.example } }]\n- match: [{ uri: { prefix: /cart/ } }]\n  route: [{ destination: { host: cart.example } }]",
      right:
        "hosts: [shop.example]\nhttp:\n- match: [{ uri: { prefix: /cart/ } }]\n  route: [{ destination: { host: cart.example } }]\n- route: [{ destination: { host: shop.example } }]",
    },
  },
  SL0271: {
    why: "Rules are tried in their order. What they match is compared, not how they are written.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { prefix: /items/ } }, { uri: { prefix: /items/new/ } }]",
      right: "match: [{ uri: { prefix: /items/ } }]",
    },
  },
} as const satisfies Explanations;
