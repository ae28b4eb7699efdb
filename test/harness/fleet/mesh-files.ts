/** The meshes that a fleet is measured and tested with: so many services, each with its endpoints and a rule, in files of their own. */

import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";

export class MeshFiles {
  readonly directory: string;
  readonly services: number;
  #version = 0;

  constructor(directory: string, services: number) {
    this.directory = directory;
    this.services = services;
  }

  async write(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    for (let i = 0; i < this.services; i++) {
      await this.#put(`service-${i}.yaml`, service(i, 0));
      await this.#put(`rule-${i}.yaml`, rule(i, 0));
    }
  }

  /** One rule becomes another one. */
  async changeRule(): Promise<void> {
    this.#version += 1;
    await this.#put("rule-0.yaml", rule(0, this.#version));
  }

  /** One endpoint of one service is another one. */
  async changeEndpoint(): Promise<void> {
    this.#version += 1;
    await this.#put("service-0.yaml", service(0, this.#version));
  }

  /** At once, as an editor saves. */
  async #put(name: string, text: string): Promise<void> {
    const temporary = path.join(path.dirname(this.directory), `.${name}`);
    await writeFile(temporary, text);
    await rename(temporary, path.join(this.directory, name));
  }
}

function service(i: number, version: number): string {
  return `apiVersion: v1
kind: Service
metadata: {name: service-${i}, namespace: shop}
spec:
  ports: [{name: http, port: 8080}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: service-${i}-a
  namespace: shop
  labels: {kubernetes.io/service-name: service-${i}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
  - {addresses: ["10.1.${i >> 8}.${i & 255}"], conditions: {ready: true}}
  - {addresses: ["10.2.${version & 255}.${i & 255}"], conditions: {ready: true}}
`;
}

function rule(i: number, version: number): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: service-${i}, namespace: shop}
spec:
  hosts: [service-${i}]
  http:
    - match: [{uri: {prefix: /v${version}/}, headers: {x-tenant: {exact: "tenant-${i}"}}}]
      route: [{destination: {host: service-${i}}}]
      timeout: 5s
    - match: [{uri: {prefix: /api/}}]
      route: [{destination: {host: service-${i}}}]
      retries: {attempts: 2, perTryTimeout: 1s}
    - route: [{destination: {host: service-${i}}}]
`;
}
