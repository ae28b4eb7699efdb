/** A cluster in memory behind HTTP: lists, watches by label and by name, and whatever is applied or removed. It answers what sources ask. */

import http from "node:http";
import type { AddressInfo } from "node:net";
import { KubernetesClient } from "../client/kubernetes-client.ts";
import { type KubernetesObject, keyOf } from "../client/kubernetes-object.ts";
import { pathOf, RESOURCE_TYPES, type ResourceType } from "../client/resource-types.ts";

export type Kind = keyof typeof RESOURCE_TYPES;

export interface NewObject {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string;
  readonly ownerReferences?: readonly object[];
  /** What stands beside the metadata. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

interface Event {
  readonly type: string;
  readonly object: KubernetesObject;
}

interface Watcher {
  readonly matches: (object: KubernetesObject) => boolean;
  readonly send: (event: object) => void;
}

export class Cluster {
  readonly client: KubernetesClient;
  /** Paths of lists, in the order in which they were asked for. */
  readonly lists: string[] = [];
  /** Paths of lists that are forbidden. */
  readonly forbidden = new Set<string>();
  /** Of Istio's group. */
  istioVersion = "v1";
  readonly #server: http.Server;
  readonly #objects = new Map<string, Map<string, KubernetesObject>>();
  readonly #watchers = new Map<string, Set<Watcher>>();
  /** By path, in their order. */
  readonly #events = new Map<string, Event[]>();
  #version = 0;

  private constructor(server: http.Server) {
    this.#server = server;
    server.on("request", (request, response) => this.#answer(request, response));
    const { port } = server.address() as AddressInfo;
    this.client = new KubernetesClient({
      server: new URL(`http://127.0.0.1:${port}`),
      origin: "a fixture",
      defaultNamespace: "default",
      authorities: () => undefined,
      insecure: false,
      credentials: { current: async () => ({}), refused() {} },
      impersonation: {},
    });
  }

  static async start(): Promise<Cluster> {
    const server = http.createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Cluster(server);
  }

  apply(kind: Kind, { name, namespace, fields = {}, ...more }: NewObject): KubernetesObject {
    const type = this.#typeOf(kind);
    const version = String(++this.#version);
    const metadata = {
      name,
      ...(type.namespaced && { namespace: namespace ?? "default" }),
      uid: `uid-of-${kind}-${name}`,
      resourceVersion: version,
      creationTimestamp: "2026-11-29T00:00:00Z",
      managedFields: [{ manager: "somebody", time: version }],
      ...more,
    };
    const object = { metadata, ...fields } as KubernetesObject;
    const known = this.#of(type);
    const isNew = !known.has(keyOf(object));
    known.set(keyOf(object), object);
    this.#tell(type, { type: isNew ? "ADDED" : "MODIFIED", object });
    return object;
  }

  remove(kind: Kind, name: string, namespace = "default"): void {
    const type = this.#typeOf(kind);
    const key = type.namespaced ? `${namespace}/${name}` : name;
    const object = this.#of(type).get(key)!;
    this.#of(type).delete(key);
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    this.#tell(type, { type: "DELETED", object: { ...object, metadata } });
  }

  async close(): Promise<void> {
    await this.client.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #typeOf(kind: Kind): ResourceType {
    const type: ResourceType = RESOURCE_TYPES[kind];
    return type.group === "networking.istio.io" ? { ...type, version: this.istioVersion } : type;
  }

  #of(type: ResourceType): Map<string, KubernetesObject> {
    const path = pathOf(type);
    const known = this.#objects.get(path) ?? new Map();
    this.#objects.set(path, known);
    return known;
  }

  #tell(type: ResourceType, event: Event): void {
    this.#events.set(pathOf(type), [...(this.#events.get(pathOf(type)) ?? []), event]);
    for (const { matches, send } of this.#watchers.get(pathOf(type)) ?? []) {
      if (matches(event.object)) {
        send(event);
      }
    }
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url!, "http://fixture");
    const json = (status: number, body: object) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    const version = /^\/apis\/networking\.istio\.io\/([^/]+)$/.exec(pathname)?.[1];
    if (version !== undefined) {
      const resources = Object.values(RESOURCE_TYPES).map(({ plural }) => ({ name: plural }));
      json(version === this.istioVersion ? 200 : 404, { kind: "APIResourceList", resources });
      return;
    }
    const namespace = /\/namespaces\/([^/]+)\//.exec(pathname)?.[1];
    const path = pathname.replace(/\/namespaces\/[^/]+/, "");
    const known = Object.keys(RESOURCE_TYPES).some((kind) => pathOf(this.#typeOf(kind as Kind)) === path);
    if (!known || this.forbidden.has(path)) {
      const [code, reason] = known ? ([403, "Forbidden"] as const) : ([404, "NotFound"] as const);
      json(code, { kind: "Status", status: "Failure", message: `no: ${path}`, reason, code });
      return;
    }
    const name = /^metadata\.name=(.*)$/.exec(searchParams.get("fieldSelector") ?? "")?.[1];
    const [label, value] = (searchParams.get("labelSelector") ?? "").split("=");
    const matches = ({ metadata }: KubernetesObject) =>
      (namespace === undefined || metadata.namespace === namespace) &&
      (name === undefined || metadata.name === name) &&
      (!label || metadata.labels?.[label] === value);
    if (searchParams.get("watch") === "true") {
      response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
      const watcher = { matches, send: (event: object) => void response.write(`${JSON.stringify(event)}\n`) };
      for (const event of this.#events.get(path) ?? []) {
        const isNews =
          Number(event.object.metadata.resourceVersion) > Number(searchParams.get("resourceVersion"));
        if (isNews && matches(event.object)) {
          watcher.send(event);
        }
      }
      const all = this.#watchers.get(path) ?? new Set();
      this.#watchers.set(path, all.add(watcher));
      response.on("close", () => all.delete(watcher));
      return;
    }
    this.lists.push(`${pathname}${name === undefined ? "" : `?${name}`}`);
    const items = [...(this.#objects.get(path)?.values() ?? [])].filter(matches);
    json(200, { metadata: { resourceVersion: String(this.#version) }, items });
  }
}
