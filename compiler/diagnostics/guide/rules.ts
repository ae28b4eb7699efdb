/** One VirtualService by itself. */

import type { Explanations } from "./entry.ts";

export const RULES = {
  SL0211: {
    why: "A VirtualService without hosts contains rules that others delegate to. Its hosts and gateways are those of the VirtualService that delegates.",
    example: {
      in: "VirtualService",
      wrong: "gateways: [edge]\nhttp: [{ redirect: { uri: /x } }]",
      right: "http: [{ redirect: { uri: /x } }]",
    },
  },
  SL0212: {
    why: "A gateway is written as name or namespace/name; mesh stands for the services themselves.",
    example: {
      in: "VirtualService",
      wrong: "hosts: [shop.example]\ngateways: [a/b/edge]\nhttp: [{ redirect: { uri: /x } }]",
      right: "hosts: [shop.example]\ngateways: [default/edge]\nhttp: [{ redirect: { uri: /x } }]",
    },
  },
  SL0213: {
    why: "Istio still reads a Gateway's name as a DNS name in its namespace, and warns about it.",
    example: {
      in: "VirtualService",
      wrong:
        "hosts: [shop.example]\ngateways: [edge.default.svc.cluster.local]\nhttp: [{ redirect: { uri: /x } }]",
      right: "hosts: [shop.example]\ngateways: [default/edge]\nhttp: [{ redirect: { uri: /x } }]",
    },
  },
  SL0214: {
    why: "Claims are known only where a token was verified, which is at a gateway. A rule that also applies in the mesh would never match there.",
    example: {
      in: "http rule",
      wrong: 'match: [{ headers: { "@request.auth.claims.group": { exact: admin } } }]',
      right: "match: [{ headers: { x-group: { exact: admin } } }]",
    },
  },
  SL0215: {
    why: "The rules would apply to every service of the mesh, and to every host outside it.",
    example: {
      in: "VirtualService",
      wrong: 'hosts: ["*"]\nhttp: [{ redirect: { uri: /x } }]',
      right: "hosts: [shop.example]\nhttp: [{ redirect: { uri: /x } }]",
    },
  },
  SL0216: {
    why: "Each host may be named once. Upper and lower case are the same.",
    example: {
      in: "VirtualService",
      wrong: 'hosts: ["*.shop.example", eu.shop.example]\nhttp: [{ redirect: { uri: /x } }]',
      right: 'hosts: ["*.shop.example"]\nhttp: [{ redirect: { uri: /x } }]',
    },
  },
  SL0217: {
    why: "It would do nothing, and take the host away from other rules.",
    example: {
      in: "VirtualService",
      wrong: "hosts: [shop.example]",
      right: "hosts: [shop.example]\nhttp: [{ route: [{ destination: { host: shop.example } }] }]",
    },
  },
  SL0218: {
    why: "A rule has exactly one of route, redirect, directResponse and delegate. Fields for forwarding have no meaning where the proxy answers itself.",
    example: {
      in: "http rule",
      wrong: "redirect: { uri: /new }\nroute: [{ destination: { host: shop.example } }]",
      right: "redirect: { uri: /new }",
    },
  },
  SL0219: {
    why: "Rules can be delegated one level deep.",
    example: {
      in: "VirtualService",
      wrong: "http: [{ delegate: { name: more } }]",
      right: "http: [{ redirect: { uri: /x } }]",
    },
  },
  SL0220: {
    why: "No client can send such a header, and no server would accept it.",
    example: {
      in: "http rule",
      wrong: 'match: [{ headers: { "end user": { exact: jason } } }]',
      right: "match: [{ headers: { end-user: { exact: jason } } }]",
    },
  },
  SL0221: {
    why: "Pseudo headers are the request itself. Use rewrite to change the path or the host; the method and the scheme cannot be changed.",
    example: {
      in: "http rule",
      wrong: 'headers: { request: { set: { ":path": /new } } }',
      right: "rewrite: { uri: /new }",
    },
  },
  SL0222: {
    why: "In a header's value, % begins a variable of Envoy's, such as %REQ(name)%. Write a plain percent sign twice.",
    example: {
      in: "http rule",
      wrong: 'headers: { request: { set: { x-share: "100%" } } }',
      right: 'headers: { request: { set: { x-share: "100%%" } } }',
    },
  },
  SL0223: {
    why: "Requests would have nowhere to go.",
    example: {
      in: "VirtualService",
      wrong: "hosts: [shop.example]\ngateways: [edge]\ntcp: [{ match: [{ port: 9000 }] }]",
      right:
        "hosts: [shop.example]\ngateways: [edge]\ntcp: [{ match: [{ port: 9000 }], route: [{ destination: { host: shop.example } }] }]",
    },
  },
  SL0224: {
    why: "A destination's share is its weight divided by the sum of weights. The sum need not be 100, but must be more than 0.",
    example: {
      in: "http rule",
      wrong:
        "route:\n- { destination: { host: shop.example }, weight: 0 }\n- { destination: { host: cart.example }, weight: 0 }",
      right:
        "route:\n- { destination: { host: shop.example }, weight: 9 }\n- { destination: { host: cart.example }, weight: 1 }",
    },
  },
  SL0225: {
    why: "A subset becomes part of a cluster's name in Envoy: it consists of letters, digits and hyphens, and each name is used once.",
    example: {
      in: "DestinationRule",
      wrong: "subsets: [{ name: v_1|x, labels: { version: v1 } }]",
      right: "subsets: [{ name: v1, labels: { version: v1 } }]",
    },
  },
  SL0226: {
    why: "A header operation on host and a rewrite both set the authority, and only one can win.",
    example: {
      in: "http rule",
      wrong: "rewrite: { authority: a.example }\nheaders: { request: { set: { host: b.example } } }",
      right: "rewrite: { authority: a.example }",
    },
  },
  SL0227: {
    why: "Only Sluice reads annotations under sluice.dev, so a typo would silently turn a feature off.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web, annotations: { sluice.dev/stick: source-ip } }\nspec: { hosts: [shop.example], http: [{ redirect: { uri: /x } }] }",
      right:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web, annotations: { sluice.dev/sticky: source-ip } }\nspec: { hosts: [shop.example], http: [{ redirect: { uri: /x } }] }",
    },
  },
  SL0230: {
    why: "A fault delays, aborts, or does both.",
    example: {
      in: "http rule",
      wrong: "fault: {}",
      right: "fault: { delay: { fixedDelay: 2s, percentage: { value: 10 } } }",
    },
  },
  SL0231: {
    why: "Istio's API has these fields, but Envoy has nothing that does what they say.",
    example: {
      in: "http rule",
      wrong: "fault: { delay: { exponentialDelay: 2s } }",
      right: "fault: { delay: { fixedDelay: 2s } }",
    },
  },
  SL0232: {
    why: "Only final answers can be given: 200 to 599, or one of the statuses of gRPC.",
    example: {
      in: "http rule",
      wrong: "fault: { abort: { httpStatus: 99 } }",
      right: "fault: { abort: { httpStatus: 503 } }",
    },
  },
  SL0233: {
    why: "Percentages range from 0 to 100 in steps of 0.0001, because Envoy counts in parts per million.",
    example: {
      in: "http rule",
      wrong: "fault: { abort: { httpStatus: 503, percentage: { value: 150 } } }",
      right: "fault: { abort: { httpStatus: 503, percentage: { value: 0.5 } } }",
    },
  },
  SL0235: {
    why: "The field counts in whole percents only. Istio has replaced it with mirrorPercentage.",
    example: {
      in: "http rule",
      wrong: "mirror: { host: cart.example }\nmirrorPercent: 5",
      right: "mirror: { host: cart.example }\nmirrorPercentage: { value: 5 }",
    },
  },
  SL0240: {
    why: "A redirect that changes nothing would send clients in circles.",
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
    why: "Every proxy keeps the body in memory. Istio warns from this size on.",
    example: {
      in: "sketch",
      wrong: "a directResponse with a body of more than 100 KiB",
      right: "a route to a service that serves it",
    },
  },
  SL0243: {
    why: "A rewrite replaces the path (by text or by expression), the authority, or both.",
    example: {
      in: "http rule",
      wrong: "rewrite: {}",
      right: "rewrite: { uri: /v2 }",
    },
  },
  SL0250: {
    why: "Browsers compare these lists word by word, and block whatever is misspelt.",
    example: {
      in: "http rule",
      wrong: "corsPolicy: { allowOrigins: [{ exact: https://a.example }], allowMethods: [get] }",
      right: "corsPolicy: { allowOrigins: [{ exact: https://a.example }], allowMethods: [GET] }",
    },
  },
  SL0251: {
    why: "attempts: 0 turns retries off, so the other settings have no meaning.",
    example: {
      in: "http rule",
      wrong: "retries: { attempts: 0, perTryTimeout: 1s }",
      right: "retries: { attempts: 2, perTryTimeout: 1s }",
    },
  },
  SL0252: {
    why: "Envoy ignores conditions that it does not know: a typo would silently turn retries off.",
    example: {
      in: "http rule",
      wrong: 'retries: { attempts: 2, retryOn: "5xx, conect-failure" }',
      right: 'retries: { attempts: 2, retryOn: "gateway-error,connect-failure" }',
    },
  },
  SL0260: {
    why: "All that is known about a TLS connection before it opens is the name that the client asks for. Rules apply only to their own hosts.",
    example: {
      in: "VirtualService",
      wrong:
        "hosts: [shop.example]\ngateways: [edge]\ntls: [{ match: [{ port: 443, sniHosts: [other.test] }], route: [{ destination: { host: shop.example } }] }]",
      right:
        "hosts: [shop.example]\ngateways: [edge]\ntls: [{ match: [{ port: 443, sniHosts: [shop.example] }], route: [{ destination: { host: shop.example } }] }]",
    },
  },
  SL0261: {
    why: "According to RFC 6066, clients send no SNI for an address, so the match never succeeds.",
    example: {
      in: "VirtualService",
      wrong:
        "hosts: [shop.example]\ngateways: [edge]\ntls: [{ match: [{ port: 443, sniHosts: [192.0.2.1] }], route: [{ destination: { host: shop.example } }] }]",
      right:
        "hosts: [shop.example]\ngateways: [edge]\ntls: [{ match: [{ port: 443, sniHosts: [shop.example] }], route: [{ destination: { host: shop.example } }] }]",
    },
  },
  SL0262: {
    why: "Addresses are IPv4 or IPv6, with /length for a range.",
    example: {
      in: "ServiceEntry",
      wrong: "addresses: [10.0.0.0/33]",
      right: "addresses: [10.0.0.0/8]",
    },
  },
  SL0270: {
    why: "Rules are tried in order, and earlier ones match every request that this one could match. Put the narrower rules first.",
    example: {
      in: "VirtualService",
      wrong:
        "hosts: [shop.example]\nhttp:\n- route: [{ destination: { host: shop.example } }]\n- match: [{ uri: { prefix: /cart/ } }]\n  route: [{ destination: { host: cart.example } }]",
      right:
        "hosts: [shop.example]\nhttp:\n- match: [{ uri: { prefix: /cart/ } }]\n  route: [{ destination: { host: cart.example } }]\n- route: [{ destination: { host: shop.example } }]",
    },
  },
  SL0271: {
    why: "Rules are tried in order. They are compared by what they match, not by how they are written.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { prefix: /items/ } }, { uri: { prefix: /items/new/ } }]",
      right: "match: [{ uri: { prefix: /items/ } }]",
    },
  },
} as const satisfies Explanations;
