/** Files, YAML, and what every resource must have. */

import type { Explanations } from "./entry.ts";

export const READING = {
  SL0001: {
    why: "What cannot be read is never skipped in silence: rules that are not there would be rules that do not hold.",
    example: { in: "call", wrong: "sluice check rulse/", right: "sluice check rules/" },
  },
  SL0002: {
    why: "Rules are compared byte by byte with what clients send. In another encoding they would mean something else.",
    example: {
      in: "call",
      wrong: "sluice check latin1.yaml",
      right: "iconv -f latin1 -t utf-8 latin1.yaml > utf8.yaml && sluice check utf8.yaml",
    },
  },
  SL0003: {
    why: "A file has at most 64 MiB, and at most two million values when something in it needs the whole file at once. Pipes and devices without an end are ended there.",
    example: { in: "call", wrong: "yes | sluice check -", right: "sluice check rules/" },
  },
  SL0004: {
    why: "A folder is searched for .yaml, .yml and .json, with all folders in it. One without any is mostly a wrong path.",
    example: { in: "call", wrong: "sluice check rules/empty", right: "sluice check rules" },
  },
  SL0005: {
    why: "YAML is read as Kubernetes reads it. Tabs do not indent, and text with a colon and a blank in it needs quotes.",
    example: {
      in: "file",
      wrong: "apiVersion: v1\nkind: Service: web",
      right: 'apiVersion: v1\nkind: Service\nmetadata: { name: "web" }',
    },
  },
  SL0006: {
    why: "No rule nests deeper than some twenty levels. What does is refused before a parser could exhaust its stack.",
    example: {
      in: "file",
      wrong: `a: ${"[".repeat(101)}${"]".repeat(101)}`,
      right: "apiVersion: v1\nkind: Service\nmetadata: { name: web }",
    },
  },
  SL0007: {
    why: "An alias stands for what its anchor names, before it in the same document. Aliases of aliases can make a short text stand for more than any memory holds.",
    example: {
      in: "file",
      wrong: "apiVersion: v1\nkind: Service\nmetadata: { name: web, labels: *labels }",
      right:
        "apiVersion: v1\nkind: Service\nmetadata: { name: web, labels: &labels { app: web } }\nspec: { selector: *labels }",
    },
  },
  SL0008: {
    why: "Only one of them could hold, and a reader cannot tell which.",
    example: {
      in: "http rule",
      wrong: "timeout: 1s\ntimeout: 5s",
      right: "timeout: 5s",
    },
  },
  SL0009: {
    why: "A source that cannot be asked right now says nothing about its rules: those that it gave last go on.",
    example: {
      in: "sketch",
      wrong: "a workspace whose source answered once, and then failed",
      right: "the same workspace as soon as the source answers again",
    },
  },
  SL0101: {
    why: "Each document is a resource: apiVersion and kind say which. Lists of resources have the kind List.",
    example: {
      in: "file",
      wrong: "name: web\nport: 80",
      right: "apiVersion: v1\nkind: Service\nmetadata: { name: web }",
    },
  },
  SL0102: {
    why: "A kind with a slip in its name would be a resource that nobody reads.",
    example: {
      in: "file",
      wrong: "apiVersion: networking.istio.io/v1\nkind: VirtualServise\nmetadata: { name: web }",
      right:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web }\nspec: { hosts: [shop.example], http: [{ redirect: { uri: /x } }] }",
    },
  },
  SL0103: {
    why: "Istio's kinds have the versions v1, v1beta1 and v1alpha3; they mean the same.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v2\nkind: VirtualService\nmetadata: { name: web }\nspec: { hosts: [shop.example], http: [{ redirect: { uri: /x } }] }",
      right:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web }\nspec: { hosts: [shop.example], http: [{ redirect: { uri: /x } }] }",
    },
  },
  SL0104: {
    why: "Kubernetes would drop the field in silence, so a slip of the finger would be a rule without effect.",
    example: { in: "http rule", wrong: "timeuot: 5s", right: "timeout: 5s" },
  },
  SL0105: {
    why: "YAML 1.1 reads unquoted y, no and on as booleans, and 1.10 as a number; text that looks like something else needs quotes.",
    example: {
      in: "http rule",
      wrong: "match: [{ headers: { x-debug: { exact: on } } }]",
      right: 'match: [{ headers: { x-debug: { exact: "on" } } }]',
    },
  },
  SL0106: {
    why: "Without it the resource means nothing; the API server refuses it as well.",
    example: {
      in: "http rule",
      wrong: "mirrors: [{ percentage: { value: 5 } }]",
      right: "mirrors: [{ destination: { host: cart.example }, percentage: { value: 5 } }]",
    },
  },
  SL0107: {
    why: "The field takes one of a few words, in exactly this spelling.",
    example: {
      in: "DestinationRule",
      wrong: "trafficPolicy: { loadBalancer: { simple: round_robin } }",
      right: "trafficPolicy: { loadBalancer: { simple: ROUND_ROBIN } }",
    },
  },
  SL0108: {
    why: "Only one of them could hold. Istio's API refuses both together.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { exact: /a, prefix: /a } }]",
      right: "match: [{ uri: { exact: /a } }]",
    },
  },
  SL0110: {
    why: "Of other kinds nothing is read, so that whole folders of a cluster can be given. Said once, with how many there are.",
    example: {
      in: "file",
      wrong: "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }",
      right: "apiVersion: v1\nkind: Service\nmetadata: { name: web }",
    },
  },
  SL0201: {
    why: "Envoy counts in whole milliseconds. Durations are numbers with a unit: 500ms, 2s, 1h30m.",
    example: { in: "http rule", wrong: "timeout: 100us", right: "timeout: 100ms" },
  },
  SL0202: {
    why: "No socket has such a port.",
    example: {
      in: "http rule",
      wrong: "route: [{ destination: { host: shop.example, port: { number: 70000 } } }]",
      right: "route: [{ destination: { host: shop.example, port: { number: 80 } } }]",
    },
  },
  SL0203: {
    why: "Hosts are DNS names, with * in place of the first label at most. Paths, ports and schemes are matched elsewhere.",
    example: {
      in: "VirtualService",
      wrong: "hosts: [https://shop.example]\nhttp: [{ redirect: { uri: /x } }]",
      right: "hosts: [shop.example]\nhttp: [{ redirect: { uri: /x } }]",
    },
  },
  SL0205: {
    why: "Kubernetes admits no such label, so no workload can have it.",
    example: {
      in: "DestinationRule",
      wrong: "subsets: [{ name: v1, labels: { version: -v1- } }]",
      right: "subsets: [{ name: v1, labels: { version: v1 } }]",
    },
  },
  SL0206: {
    why: 'exportTo is "*" alone, or a list of namespaces and ".", none of them twice.',
    example: {
      in: "VirtualService",
      wrong: 'hosts: [shop.example]\nexportTo: ["*", team]\nhttp: [{ redirect: { uri: /x } }]',
      right: 'hosts: [shop.example]\nexportTo: ["*"]\nhttp: [{ redirect: { uri: /x } }]',
    },
  },
  SL0207: {
    why: "Expressions are RE2's: no look-around, no back references. They always match the whole value.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { regex: '/(?!admin).*' } }]",
      right: "match: [{ uri: { regex: '/(cart|items)(/.*)?' } }]",
    },
  },
  SL0208: {
    why: "Every value begins with nothing: the condition would hold whenever the thing is there at all. For that, write {}.",
    example: {
      in: "http rule",
      wrong: 'match: [{ headers: { end-user: { prefix: "" } } }]',
      right: "match: [{ headers: { end-user: {} } }]",
    },
  },
  SL0209: {
    why: "Namespaces are DNS labels: lower case letters, digits, and hyphens between them.",
    example: {
      in: "http rule",
      wrong: "match: [{ sourceNamespace: Team_A }]",
      right: "match: [{ sourceNamespace: team-a }]",
    },
  },
  SL0210: {
    why: "istiod uses it for resources that it makes itself, and refuses it on others.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web, annotations: { internal.istio.io/parents: gateway/edge } }\nspec: { hosts: [shop.example], http: [{ redirect: { uri: /x } }] }",
      right:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web }\nspec: { hosts: [shop.example], http: [{ redirect: { uri: /x } }] }",
    },
  },
} as const satisfies Explanations;
