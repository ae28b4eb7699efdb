/** Files, YAML, and what every resource must have. */

import type { Explanations } from "./entry.ts";

export const READING = {
  SL0001: {
    why: "A file that cannot be read is never skipped silently: missing rules would be rules that do not apply.",
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
    why: "A file may have at most 64 MiB, and at most two million values if something in it needs the whole file at once. Pipes and devices without an end are cut off there.",
    example: { in: "call", wrong: "yes | sluice check -", right: "sluice check rules/" },
  },
  SL0004: {
    why: "A directory is searched for .yaml, .yml and .json files, including its subdirectories. If there are none, the path is usually wrong.",
    example: { in: "call", wrong: "sluice check rules/empty", right: "sluice check rules" },
  },
  SL0005: {
    why: "YAML is read as Kubernetes reads it. Tabs cannot indent, and text that contains a colon and a space needs quotes.",
    example: {
      in: "file",
      wrong: "apiVersion: v1\nkind: Service: web",
      right: 'apiVersion: v1\nkind: Service\nmetadata: { name: "web" }',
    },
  },
  SL0006: {
    why: "No rule needs more than about twenty levels. Deeper input is refused before it can exhaust the parser's stack.",
    example: {
      in: "file",
      wrong: `a: ${"[".repeat(101)}${"]".repeat(101)}`,
      right: "apiVersion: v1\nkind: Service\nmetadata: { name: web }",
    },
  },
  SL0007: {
    why: "An alias stands for what its anchor names earlier in the same document. Aliases of aliases can make a short text stand for more than fits into memory.",
    example: {
      in: "file",
      wrong: "apiVersion: v1\nkind: Service\nmetadata: { name: web, labels: *labels }",
      right:
        "apiVersion: v1\nkind: Service\nmetadata: { name: web, labels: &labels { app: web } }\nspec: { selector: *labels }",
    },
  },
  SL0008: {
    why: "Only one of the values could take effect, and a reader cannot tell which.",
    example: {
      in: "http rule",
      wrong: "timeout: 1s\ntimeout: 5s",
      right: "timeout: 5s",
    },
  },
  SL0009: {
    why: "A source that cannot be asked right now says nothing about its rules: its last rules stay in effect.",
    example: {
      in: "sketch",
      wrong: "a workspace whose source answered once, and then failed",
      right: "the same workspace as soon as the source answers again",
    },
  },
  SL0010: {
    why: "A cluster has one object of each kind, namespace and name; `kubectl apply` of these files would leave the last. Sluice uses the last one as well, in the order in which files are read, and ignores the others.",
    example: {
      in: "file",
      wrong:
        "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 80 }] }\n---\napiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 8080 }] }",
      right:
        "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 80 }] }\n---\napiVersion: v1\nkind: Service\nmetadata: { name: web-8080 }\nspec: { ports: [{ port: 8080 }] }",
    },
  },
  SL0011: {
    why: "The copies change nothing today, but an edit of any but the last one would have no effect.",
    example: {
      in: "file",
      wrong:
        "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 80 }] }\n---\napiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 80 }] }",
      right: "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 80 }] }",
    },
  },
  SL0012: {
    why: "A directory may hold other YAML and JSON: values of a chart, manifests of packages, workflows. What is plainly not a resource is skipped when a directory is searched; a file that you name, or one with only `kind` or only `apiVersion`, is still an error.",
    example: {
      in: "call",
      wrong: "sluice check .",
      right: "sluice check . --exclude 'values*.yaml' --exclude package.json",
    },
  },
  SL0013: {
    why: "The command that should have written to standard input has probably failed.",
    example: {
      in: "call",
      wrong: "helm template no-such-chart | sluice check -",
      right: "helm template charts/shop | sluice check -",
    },
  },
  SL0014: {
    why: "A file that is empty, or holds only comments, has no rules. It is easily mistaken for rules without errors.",
    example: {
      in: "call",
      wrong: "sluice check empty.yaml",
      right: "sluice check rules.yaml",
    },
  },
  SL0015: {
    why: "A patch is only a part of a resource; Kustomize puts it together with the rest. Without it, these are not the rules that a cluster gets.",
    example: {
      in: "call",
      wrong: "sluice check overlays/production",
      right: "kustomize build overlays/production | sluice check -",
    },
  },
  SL0016: {
    why: "Without a separator, two resources are one mapping whose keys are all there twice, as after `cat a.yaml b.yaml`.",
    example: {
      in: "file",
      wrong:
        "apiVersion: v1\nkind: Service\nmetadata: { name: a }\napiVersion: v1\nkind: Service\nmetadata: { name: b }",
      right:
        "apiVersion: v1\nkind: Service\nmetadata: { name: a }\n---\napiVersion: v1\nkind: Service\nmetadata: { name: b }",
    },
  },
  SL0017: {
    why: "Templates, such as Helm's, become YAML only when they are rendered, with values that the file does not have.",
    example: {
      in: "file",
      wrong: "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}",
      right: "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop",
    },
  },
  SL0018: {
    why: "Sluice reads the files as they are. A kustomization may add patches, prefixes and namespaces to them.",
    example: {
      in: "call",
      wrong: "sluice check base",
      right: "kustomize build base | sluice check -",
    },
  },
  SL0019: {
    why: "All files of the directory are something else, so the path is usually wrong.",
    example: { in: "call", wrong: "sluice check charts/shop/files", right: "sluice check rules" },
  },
  SL0025: {
    why: "Rules without their services, or some kinds of rules without the others, would send requests elsewhere. Nodes and the settings of the mesh may be hidden: only preferences for near endpoints need them.",
    example: {
      in: "sketch",
      wrong: "an account whose ClusterRole does not list virtualservices",
      right:
        'a ClusterRole with the rule that the message shows: apiGroups ["networking.istio.io"], resources ["virtualservices"], verbs ["get", "list", "watch"]',
    },
  },
  SL0101: {
    why: "Each document is a resource, identified by apiVersion and kind. Lists of resources have the kind List.",
    example: {
      in: "file",
      wrong: "name: web\nport: 80",
      right: "apiVersion: v1\nkind: Service\nmetadata: { name: web }",
    },
  },
  SL0102: {
    why: "A misspelt kind would be a resource that nothing reads.",
    example: {
      in: "file",
      wrong: "apiVersion: networking.istio.io/v1\nkind: VirtualServise\nmetadata: { name: web }",
      right:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web }\nspec: { hosts: [shop.example], http: [{ redirect: { uri: /x } }] }",
    },
  },
  SL0103: {
    why: "Istio's kinds have the versions v1, v1beta1 and v1alpha3, which mean the same.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v2\nkind: VirtualService\nmetadata: { name: web }\nspec: { hosts: [shop.example], http: [{ redirect: { uri: /x } }] }",
      right:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web }\nspec: { hosts: [shop.example], http: [{ redirect: { uri: /x } }] }",
    },
  },
  SL0104: {
    why: "Kubernetes would drop the field silently, so a typo would become a rule without effect.",
    example: { in: "http rule", wrong: "timeuot: 5s", right: "timeout: 5s" },
  },
  SL0105: {
    why: "YAML 1.1 reads unquoted y, no and on as booleans, and 1.10 as a number. Quote text that looks like something else.",
    example: {
      in: "http rule",
      wrong: "match: [{ headers: { x-debug: { exact: on } } }]",
      right: 'match: [{ headers: { x-debug: { exact: "on" } } }]',
    },
  },
  SL0106: {
    why: "Without this field the resource has no meaning. The API server refuses it as well.",
    example: {
      in: "http rule",
      wrong: "mirrors: [{ percentage: { value: 5 } }]",
      right: "mirrors: [{ destination: { host: cart.example }, percentage: { value: 5 } }]",
    },
  },
  SL0107: {
    why: "The field accepts one of a few words, spelt exactly.",
    example: {
      in: "DestinationRule",
      wrong: "trafficPolicy: { loadBalancer: { simple: round_robin } }",
      right: "trafficPolicy: { loadBalancer: { simple: ROUND_ROBIN } }",
    },
  },
  SL0108: {
    why: "Only one of the fields could take effect. Istio's API refuses them together.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { exact: /a, prefix: /a } }]",
      right: "match: [{ uri: { exact: /a } }]",
    },
  },
  SL0110: {
    why: "Other kinds are not read, so that you can pass whole folders of a cluster. This is reported once, with their number; those that would change what happens to requests have codes of their own.",
    example: {
      in: "file",
      wrong: "apiVersion: batch/v1\nkind: Job\nmetadata: { name: web }",
      right: "apiVersion: v1\nkind: Service\nmetadata: { name: web }",
    },
  },
  SL0111: {
    why: "Istio's proxy would do something to requests that this one does not do. It is reported if it selects this proxy (--proxy-labels, --proxy-namespace) or the whole mesh. Those for other workloads, and kinds that decide nothing, are only counted.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: { name: headers, namespace: istio-system }\nspec:\n  workloadSelector: { labels: { istio: ingressgateway } }\n  configPatches: [{ applyTo: HTTP_FILTER, match: { context: GATEWAY }, patch: { operation: REMOVE } }]",
      right:
        "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: { name: headers, namespace: istio-system }\nspec:\n  workloadSelector: { labels: { app: reviews } }\n  configPatches: [{ applyTo: HTTP_FILTER, match: { context: SIDECAR_INBOUND }, patch: { operation: REMOVE } }]",
    },
  },
  SL0112: {
    why: "An Envoy that Sluice configures does not enforce the policy, so build, run and export refuse to make one. A comment on the policy, or --allow-unenforced, accepts that. A policy for servers behind this proxy is enforced by their own sidecars.",
    example: {
      in: "file",
      wrong:
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: no-admin, namespace: istio-system }\nspec:\n  selector: { matchLabels: { istio: ingressgateway } }\n  action: DENY\n  rules: [{ to: [{ operation: { paths: [/admin] } }] }]",
      right:
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: no-admin, namespace: istio-system }\nspec:\n  selector: { matchLabels: { app: reviews } }\n  action: DENY\n  rules: [{ to: [{ operation: { paths: [/admin] } }] }]",
    },
  },
  SL0113: {
    why: "Istio serves HTTPRoute, GRPCRoute, TCPRoute, TLSRoute and its own Ingress beside VirtualServices; Sluice does not. Those of another implementation's Gateway or Ingress class are only counted.",
    example: {
      in: "file",
      wrong:
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: shop }\nspec: { parentRefs: [{ name: edge }], rules: [{ backendRefs: [{ name: shop, port: 80 }] }] }",
      right:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: shop }\nspec: { hosts: [shop.example], gateways: [edge], http: [{ route: [{ destination: { host: shop.example } }] }] }",
    },
  },
  SL0114: {
    why: "Sidecars that accept only mutual TLS refuse this proxy, unless it has an identity (--identity-directory) and a DestinationRule says ISTIO_MUTUAL for them. At a gateway the mode has no effect: its servers decide how clients connect.",
    example: {
      in: "file",
      wrong:
        "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: default, namespace: shop }\nspec: { mtls: { mode: STRICT } }",
      right:
        "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: default, namespace: shop }\nspec: { mtls: { mode: PERMISSIVE } }",
    },
  },
  SL0115: {
    why: "Istio's API has the field, and nothing in Istio reads it: the rule does what it would do without. A limit that is written there limits nothing.",
    example: {
      in: "server of a Gateway",
      wrong: "hosts: [shop.example]\ndefaultEndpoint: 127.0.0.1:8080",
      right: "hosts: [shop.example]",
    },
  },
  SL0201: {
    why: "Envoy counts in whole milliseconds. A duration is a number with a unit: 500ms, 2s, 1h30m.",
    example: { in: "http rule", wrong: "timeout: 100us", right: "timeout: 100ms" },
  },
  SL0202: {
    why: "No socket can have such a port.",
    example: {
      in: "http rule",
      wrong: "route: [{ destination: { host: shop.example, port: { number: 70000 } } }]",
      right: "route: [{ destination: { host: shop.example, port: { number: 80 } } }]",
    },
  },
  SL0203: {
    why: "Hosts are DNS names, in which only the first label may be *. Paths, ports and schemes are matched elsewhere.",
    example: {
      in: "VirtualService",
      wrong: "hosts: [https://shop.example]\nhttp: [{ redirect: { uri: /x } }]",
      right: "hosts: [shop.example]\nhttp: [{ redirect: { uri: /x } }]",
    },
  },
  SL0205: {
    why: "Kubernetes does not allow such a label, so no workload can have it.",
    example: {
      in: "DestinationRule",
      wrong: "subsets: [{ name: v1, labels: { version: -v1- } }]",
      right: "subsets: [{ name: v1, labels: { version: v1 } }]",
    },
  },
  SL0206: {
    why: 'exportTo is either "*" alone, or a list of namespaces and ".", without duplicates.',
    example: {
      in: "VirtualService",
      wrong: 'hosts: [shop.example]\nexportTo: ["*", team]\nhttp: [{ redirect: { uri: /x } }]',
      right: 'hosts: [shop.example]\nexportTo: ["*"]\nhttp: [{ redirect: { uri: /x } }]',
    },
  },
  SL0207: {
    why: "Expressions follow RE2: no look-around, no back references. They always match the whole value.",
    example: {
      in: "http rule",
      wrong: "match: [{ uri: { regex: '/(?!admin).*' } }]",
      right: "match: [{ uri: { regex: '/(cart|items)(/.*)?' } }]",
    },
  },
  SL0208: {
    why: "Every value begins with the empty string, so the condition would hold whenever the value is present. To ask for presence, write {}.",
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
    why: "istiod uses this annotation on resources that it generates, and refuses it on others.",
    example: {
      in: "file",
      wrong:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web, annotations: { internal.istio.io/parents: gateway/edge } }\nspec: { hosts: [shop.example], http: [{ redirect: { uri: /x } }] }",
      right:
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web }\nspec: { hosts: [shop.example], http: [{ redirect: { uri: /x } }] }",
    },
  },
} as const satisfies Explanations;
