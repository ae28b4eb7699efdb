/** The mesh of these tests: a Gateway, a Service with a pod, and rules that say in each answer which generation of them decided. */

import { freePort } from "../harness/ports.ts";
import type { ApiClient } from "./harness/api-client.ts";
import { PodNetwork } from "./harness/pod-network.ts";
import { Pods } from "./harness/pods.ts";
import { gateway } from "./harness/served-mesh.ts";

export class Echo {
  readonly pods: Pods;
  readonly slices: string;
  readonly rules: string;
  readonly #api: ApiClient;
  readonly #network: PodNetwork;

  private constructor(api: ApiClient, namespace: string, network: PodNetwork, pods: Pods) {
    this.#api = api;
    this.#network = network;
    this.pods = pods;
    this.slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
    this.rules = `/apis/networking.istio.io/v1/namespaces/${namespace}/virtualservices`;
  }

  /** With so many pods, and no rules yet. */
  static async create(api: ApiClient, namespace: string, pods: number): Promise<Echo> {
    const network = await PodNetwork.open();
    const echo = new Echo(api, namespace, network, new Pods(network, await freePort()));
    for (let i = 1; i <= pods; i++) {
      await echo.pods.start(i);
    }
    const { port } = echo.pods;
    await api.create(`/api/v1/namespaces/${namespace}/services`, {
      metadata: { name: "echo" },
      spec: { clusterIP: "None", ports: [{ name: "http", port: 80, targetPort: port }] },
    });
    await api.create(echo.slices, {
      metadata: { name: "echo-1", labels: { "kubernetes.io/service-name": "echo" } },
      addressType: "IPv4",
      ports: [{ name: "http", port }],
      ...echo.#endpoints(pods),
    });
    await api.create(`/apis/networking.istio.io/v1/namespaces/${namespace}/gateways`, gateway("edge"));
    return echo;
  }

  /** Its EndpointSlice names the first so many pods from now on. */
  async scale(count: number): Promise<void> {
    await this.#api.patch(`${this.slices}/echo-1`, this.#endpoints(count));
  }

  async close(): Promise<void> {
    this.pods.close();
    await this.#network.close();
  }

  #endpoints(count: number): object {
    return {
      endpoints: Array.from({ length: count }, (_, i) => ({
        addresses: [this.pods.address(i + 1)],
        conditions: { ready: true },
      })),
    };
  }
}

/** A rule that sends a host to the pods. */
export function ruleOf(name: string, host: string, generation = 0): object {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name },
    spec: specOf(host, generation),
  };
}

/** Answers have the generation in `x-generation`. */
export function specOf(host: string, generation: number): object {
  return {
    hosts: [host],
    gateways: ["edge"],
    http: [
      {
        route: [{ destination: { host: "echo" } }],
        headers: { response: { set: { "x-generation": String(generation) } } },
        // A request to a pod that is gone must not be hidden by another one.
        retries: { attempts: 0 },
      },
    ],
  };
}
