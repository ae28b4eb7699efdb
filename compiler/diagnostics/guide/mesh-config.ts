/** Codes of the mesh configuration. */

import type { Explanation } from "./entry.ts";

const OPERATOR =
  "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: { name: NAME }\nspec: { meshConfig: { connectTimeout: TIMEOUT } }";

const PROXY_CONFIG =
  "apiVersion: networking.istio.io/v1beta1\nkind: ProxyConfig\nmetadata: { name: edge }\nspec:\n  concurrency: 2";

function settings(headersTimeout: string, requestTimeout: string): string {
  return `apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: { name: mesh }
spec:
  meshConfig:
    defaultConfig:
      connectionSettings:
        httpRequestHeadersTimeout: ${headersTimeout}
        httpRequestTimeout: ${requestTimeout}`;
}

function operator(name: string, timeout: string): string {
  return OPERATOR.replace("NAME", name).replace("TIMEOUT", timeout);
}

export const MESH_CONFIGS = {
  SL0940: {
    why: "An IstioOperator, the ConfigMap istio and a file of --mesh-config all say what holds for the whole mesh. In a cluster the last one that was applied counts; files do not say which one that is.",
    example: {
      in: "file",
      wrong: `${operator("base", "5s")}\n---\n${operator("edge", "10s")}`,
      right: `${operator("base", "5s")}\n---\n${operator("edge", "5s")}`,
    },
  },
  SL0941: {
    why: "The file of --mesh-config holds alone, so what other documents say of the mesh has no effect.",
    example: {
      in: "sketch",
      wrong: "an IstioOperator with meshConfig among the rules, and --mesh-config mesh.yaml",
      right: "one of the two",
    },
  },
  SL0942: {
    why: "What configures a proxy (its annotation proxy.istio.io/config, or a ProxyConfig) is looked for by namespace and labels. Of several that fit, one holds: the oldest ProxyConfig, or of annotations the first, that of a Deployment before that of a Pod.",
    example: {
      in: "file",
      wrong: `${PROXY_CONFIG}\n---\n${PROXY_CONFIG.replace("edge", "other").replace("2", "4")}`,
      right: PROXY_CONFIG,
    },
  },
  SL0943: {
    why: "istiod takes a ProxyConfig without a selector for all proxies of its namespace, and one with labels for those that have them. One with an empty selector is for none.",
    example: {
      in: "file",
      wrong: `${PROXY_CONFIG}\n  selector: {}`,
      right: `${PROXY_CONFIG}\n  selector: { matchLabels: { app: edge } }`,
    },
  },
  SL0944: {
    why: "istiod refuses such a mesh configuration, or Envoy every listener that is made with it: a trust domain that is not a name, a log whose format has an operator that Envoy does not know.",
    example: {
      in: "file",
      wrong: operator("base", "5s").replace("connectTimeout: 5s", "trustDomain: my_mesh"),
      right: operator("base", "5s").replace("connectTimeout: 5s", "trustDomain: my-mesh.example"),
    },
  },
  SL0945: {
    why: "Several workloads are behind the service, some of which have the labels of the subset. Its endpoints are addresses of which the input does not say whose they are, and an endpoint without the labels is not in the subset. With one workload they are its own.",
    example: {
      in: "sketch",
      wrong: "Deployments of v1 and v2 behind one Service, and an EndpointSlice with addresses only",
      right:
        "the same with targetRef: { kind: Pod, name: web-v1-5d4f8-x7k2p } for each endpoint, or with the Pods",
    },
  },
  SL0948: {
    why: "Of two limits for the same thing, only the smaller one is ever reached. Envoy takes both, and whoever wrote the larger one relies on something that never happens.",
    example: {
      in: "file",
      wrong: settings("90s", "60s"),
      right: settings("10s", "60s"),
    },
  },
} as const satisfies Readonly<Record<string, Explanation>>;
