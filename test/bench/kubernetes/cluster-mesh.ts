/** The meshes that are measured, as objects in an API server: Services, their EndpointSlices, and a rule for each. */

import type { ApiClient } from "../../kubernetes/harness/api-client.ts";
import { gateway } from "../../kubernetes/harness/served-mesh.ts";

export interface ClusterMeshOptions {
  readonly namespace: string;
  readonly services: number;
  readonly endpointsEach: number;
  /** Of all pods. */
  readonly port: number;
}

/** Requests under way at once; the API server sends others away above some hundred. */
const AT_ONCE = 24;

export class ClusterMesh {
  readonly #api: ApiClient;
  readonly #options: ClusterMeshOptions;

  constructor(api: ApiClient, options: ClusterMeshOptions) {
    this.#api = api;
    this.#options = options;
  }

  async create(): Promise<void> {
    const { namespace, services } = this.#options;
    await this.#api.create("/api/v1/namespaces", { metadata: { name: namespace } });
    await this.#api.create(`${this.#rules}/gateways`, gateway("edge"));
    let next = 0;
    const worker = async () => {
      for (let i = next++; i < services; i = next++) {
        await this.#createService(i);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  hostOf(i: number): string {
    return `service-${i}.example`;
  }

  /** The one pod of a service is that from now on. */
  async setEndpoint(i: number, address: string): Promise<void> {
    await this.#api.patch(`${this.#slices}/service-${i}`, { endpoints: [endpoint(address)] });
  }

  /** Answers for that service have this number in `x-generation` from now on. */
  async setGeneration(i: number, generation: number): Promise<void> {
    await this.#api.patch(`${this.#rules}/virtualservices/service-${i}`, {
      spec: this.#rule(i, generation),
    });
  }

  get #rules(): string {
    return `/apis/networking.istio.io/v1/namespaces/${this.#options.namespace}`;
  }

  get #slices(): string {
    return `/apis/discovery.k8s.io/v1/namespaces/${this.#options.namespace}/endpointslices`;
  }

  async #createService(i: number): Promise<void> {
    const { namespace, endpointsEach, port } = this.#options;
    const name = `service-${i}`;
    await this.#api.create(`/api/v1/namespaces/${namespace}/services`, {
      metadata: { name },
      spec: { clusterIP: "None", ports: [{ name: "http", port: 80, targetPort: port }] },
    });
    await this.#api.create(this.#slices, {
      metadata: { name, labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      ports: [{ name: "http", port }],
      endpoints: Array.from({ length: endpointsEach }, (_, j) => endpoint(podOf(i * endpointsEach + j))),
    });
    await this.#api.create(`${this.#rules}/virtualservices`, {
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name },
      spec: this.#rule(i, 0),
    });
  }

  #rule(i: number, generation: number): object {
    return {
      hosts: [this.hostOf(i)],
      gateways: ["edge"],
      http: [
        {
          match: [{ uri: { prefix: "/api/" }, headers: { "x-tenant": { exact: `tenant-${i}` } } }],
          route: [{ destination: { host: `service-${i}` } }],
          timeout: "5s",
        },
        {
          route: [{ destination: { host: `service-${i}` } }],
          headers: { response: { set: { "x-generation": String(generation) } } },
        },
      ],
    };
  }
}

function endpoint(address: string): object {
  return { addresses: [address], conditions: { ready: true } };
}

/** Nobody is there, and nobody is asked. */
function podOf(n: number): string {
  return `10.${64 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
}
