/** What is right and hardly meant, and comments that silence findings. */

import type { Explanations } from "./entry.ts";

export const LINT = {
  SL0801: {
    why: "A prefix is compared by characters, not by path segments: /api also matches /apiary and /api-internal.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { prefix: /api } }]",
      right: "match: [{ uri: { exact: /api } }, { uri: { prefix: /api/ } }]",
    },
  },
  SL0802: {
    why: 'In an expression, "." stands for any character: /v1.0 also matches /v1x0. Write "\\\\." in double quotes, \\. without.',
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { regex: '/v1.0/.*' } }]",
      right: "match: [{ uri: { regex: '/v1\\.0/.*' } }]",
    },
  },
  SL0803: {
    why: "This is often intended, before or after a roll-out. If forgotten, it is a destination that gets no requests.",
    example: {
      in: "http rule",
      wrong:
        "route:\n- { destination: { host: shop.example, subset: v1 }, weight: 100 }\n- { destination: { host: shop.example, subset: v2 }, weight: 0 }",
      right: "route: [{ destination: { host: shop.example, subset: v1 } }]",
    },
  },
  SL0804: {
    why: "In a rule with several destinations, a missing weight means 0.",
    example: {
      in: "http rule",
      wrong:
        "route:\n- { destination: { host: shop.example, subset: v1 }, weight: 90 }\n- { destination: { host: shop.example, subset: v2 } }",
      right:
        "route:\n- { destination: { host: shop.example, subset: v1 }, weight: 90 }\n- { destination: { host: shop.example, subset: v2 }, weight: 10 }",
    },
  },
  SL0805: {
    why: "The fault's delay comes before the timeout begins, unless sluice.dev/fault-scope is upstream.",
    example: {
      in: "http rule",
      wrong: "timeout: 1s\nfault: { delay: { fixedDelay: 5s } }",
      right: "timeout: 10s\nfault: { delay: { fixedDelay: 5s } }",
    },
  },
  SL0806: {
    why: "The timeout covers all tries together, including the waits between them: later tries are cut off. attempts counts retries, so that attempts: 3 is up to four tries.",
    example: {
      in: "http rule",
      wrong: "timeout: 3s\nretries: { attempts: 3, perTryTimeout: 2s, retryOn: connect-failure }",
      right: "timeout: 10s\nretries: { attempts: 3, perTryTimeout: 2s, retryOn: connect-failure }",
    },
  },
  SL0807: {
    why: "With 5xx, gateway-error or reset, the upstream may have done its work before the try failed.",
    example: {
      in: "http rule",
      wrong: "match: [{ method: { exact: POST } }]\nretries: { attempts: 2, retryOn: 5xx }",
      right: "match: [{ method: { exact: POST } }]\nretries: { attempts: 2, retryOn: connect-failure }",
    },
  },
  SL0808: {
    why: "The rule has no condition on the method. Retries on connect-failure and refused-stream are safe for all methods.",
    example: {
      in: "http rule",
      wrong: "retries: { attempts: 2, retryOn: 5xx }",
      right: "retries: { attempts: 2, retryOn: connect-failure }",
    },
  },
  SL0809: {
    why: "Its policy applies only to requests for the host itself, and its subsets are never used.",
    example: {
      in: "DestinationRule",
      wrong: "host: many.example\nsubsets: [{ name: v1, labels: { version: v1 } }]",
      right: "host: shop.example\ntrafficPolicy: { loadBalancer: { simple: RANDOM } }",
    },
  },
  SL0810: {
    why: "It costs nothing, but may be the one that you meant elsewhere.",
    example: {
      in: "http rule",
      wrong: "route: [{ destination: { host: shop.example, subset: v1 } }]",
      right:
        "route:\n- { destination: { host: shop.example, subset: v1 }, weight: 90 }\n- { destination: { host: shop.example, subset: v2 }, weight: 10 }",
    },
  },
  SL0811: {
    why: "Two conditions on the same value exclude each other, or the text never arrives, such as a path that is not normalised.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { exact: /a/../b } }]",
      right: "match: [{ uri: { exact: /b } }]",
    },
  },
  SL0901: {
    why: "The finding that it silenced no longer exists. Left in place, it would hide the next one.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { prefix: /api/ } }] # sluice: ignore SL0801 the old clients",
      right: "match: [{ uri: { prefix: /api } }] # sluice: ignore SL0801 the old clients",
    },
  },
  SL0902: {
    why: "Errors must be fixed, and an unknown code silences nothing.",
    example: {
      in: "http rule",
      wrong: "timeout: 5s # sluice: ignore SL0201 later",
      right: "timeout: 5s",
    },
  },
  SL0903: {
    why: "The next reader has to know why it is right to ignore the finding.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { prefix: /api } }] # sluice: ignore SL0801",
      right: "match: [{ uri: { prefix: /api } }] # sluice: ignore SL0801 the old clients",
    },
  },
  SL0812: {
    why: "Envoy sends the result of a rewrite as it is: without a slash at its beginning, many servers answer 400. If nothing is left, Envoy keeps the path.",
    example: {
      in: "http rule",
      wrong:
        "match: [{ uri: { prefix: /api/ } }]\nrewrite: { uriRegexRewrite: { match: '^/api/(.*)$', rewrite: '\\1' } }\nroute: [{ destination: { host: shop.example } }]",
      right:
        "match: [{ uri: { prefix: /api/ } }]\nrewrite: { uriRegexRewrite: { match: '^/api/(.*)$', rewrite: '/\\1' } }\nroute: [{ destination: { host: shop.example } }]",
    },
  },
  SL0813: {
    why: "Envoy's HTTP/1.1 parser knows a fixed list of methods, in capitals, and answers others with 400 before any rule. Over HTTP/2 any method reaches the rules.",
    example: {
      in: "http rule",
      wrong: "match: [{ method: { exact: get } }]",
      right: "match: [{ method: { exact: GET } }]",
    },
  },
  SL0814: {
    why: "A rewrite replaces the prefix that was matched, and nothing else: with prefix /api and rewrite /, the path /api/a becomes //a.",
    example: {
      in: "http rule",
      wrong:
        "match: [{ uri: { prefix: /api } }]\nrewrite: { uri: / }\nroute: [{ destination: { host: shop.example } }]",
      right:
        "match: [{ uri: { prefix: /api/ } }]\nrewrite: { uri: / }\nroute: [{ destination: { host: shop.example } }]",
    },
  },
  SL0816: {
    why: "In Istio, a fault without a percentage is injected into no request.",
    example: {
      in: "http rule",
      wrong: "fault: { abort: { httpStatus: 503 } }",
      right: "fault: { abort: { httpStatus: 503, percentage: { value: 100 } } }",
    },
  },
  SL0817: {
    why: "This is often intended, before or after an experiment. If forgotten, it is a fault that no request meets.",
    example: {
      in: "http rule",
      wrong: "fault: { abort: { httpStatus: 503, percentage: { value: 0 } } }",
      right: "fault: { abort: { httpStatus: 503, percentage: { value: 1 } } }",
    },
  },
  SL0818: {
    why: "exact and prefix compare characters, and in an expression a star repeats what stands before it. Only hosts and paths of Ingress know wildcards.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { prefix: '/api/*' } }]",
      right: "match: [{ uri: { prefix: /api/ } }]",
    },
  },
  SL0819: {
    why: "rewrite.uri and redirect.uri are plain text. uriRegexRewrite writes its groups as \\1 to \\9; a group that is not there leaves the path as it is.",
    example: {
      in: "http rule",
      wrong: "rewrite: { uriRegexRewrite: { match: '/u/(.*)', rewrite: '/users/$1' } }",
      right: "rewrite: { uriRegexRewrite: { match: '/u/(.*)', rewrite: '/users/\\1' } }",
    },
  },
  SL0820: {
    why: "At a Gateway, port is the server's port, whichever port the proxy binds.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: edge }\nspec:\n  selector: { istio: ingressgateway }\n  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [shop.example] }]\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: shop }\nspec:\n  hosts: [shop.example]\n  gateways: [edge]\n  http: [{ match: [{ port: 8080 }], redirect: { uri: /closed } }]",
      right:
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: edge }\nspec:\n  selector: { istio: ingressgateway }\n  servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: [shop.example] }]\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: shop }\nspec:\n  hosts: [shop.example]\n  gateways: [edge]\n  http: [{ match: [{ port: 80, uri: { exact: / } }], redirect: { uri: /closed } }]",
    },
  },
  SL0821: {
    why: "The client follows the redirect, meets the same rule again, and gives up after about twenty times.",
    example: {
      in: "http rule",
      wrong: "redirect: { uri: /home }",
      right: "match: [{ uri: { exact: / } }]\nredirect: { uri: /home }",
    },
  },
  SL0822: {
    why: "A proxy merges resources for one host only if they agree in namespace, resolution, labels, workloadSelector and exportTo. Otherwise it uses the one of its own namespace, or else the oldest.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: { name: a, creationTimestamp: '2026-01-01T00:00:00Z' }\nspec: { hosts: [api.example], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: DNS }\n---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: { name: b, creationTimestamp: '2026-02-01T00:00:00Z' }\nspec: { hosts: [api.example], ports: [{ number: 8080, name: http-2, protocol: HTTP }], resolution: NONE }",
      right:
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: { name: a }\nspec: { hosts: [api.example], ports: [{ number: 80, name: http, protocol: HTTP }, { number: 8080, name: http-2, protocol: HTTP }], resolution: DNS }",
    },
  },
  SL0823: {
    why: "headers of the delegate's rule replace those of the rule that delegates, as a whole: they are not merged.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: root }\nspec:\n  hosts: [shop.example]\n  http: [{ delegate: { name: team }, headers: { request: { set: { x-verified: 'yes' } } } }]\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: team }\nspec:\n  http: [{ headers: { request: { set: { x-team: a } } }, redirect: { authority: other.example } }]",
      right:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: root }\nspec:\n  hosts: [shop.example]\n  http: [{ delegate: { name: team }, headers: { request: { set: { x-verified: 'yes' } } } }]\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: team }\nspec:\n  http: [{ headers: { request: { set: { x-team: a, x-verified: 'yes' } } }, redirect: { authority: other.example } }]",
    },
  },
  SL0824: {
    why: "istiod ignores case only in the hosts of VirtualServices. Sluice ignores it in all hosts, as DNS does.",
    example: {
      in: "http rule",
      wrong: "route: [{ destination: { host: Shop.example } }]",
      right: "route: [{ destination: { host: shop.example } }]",
    },
  },
} as const satisfies Explanations;
