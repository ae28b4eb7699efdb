/**
 * A client of the delta protocol as Envoy is one, as far as that was measured: it asks for all clusters and listeners, and for what
 * they need by name; acknowledges clusters, and asks for them on a new stream, when none of them warms up any more; acknowledges listeners at once; does not ask again
 * for the endpoints of a cluster that changes, and waits for them all the same.
 */

import type { Resource, ResourceType } from "../../back/xds/resource-set.ts";
import type { DeltaRequest, DeltaResponse } from "./session.ts";

type Wants = Exclude<ResourceType, "cluster" | "listener">;

const NAMED: readonly Wants[] = ["secret", "endpoints", "routes", "extension"];

export class ModelEnvoy {
  readonly has = new Map<ResourceType, Map<string, Resource>>(
    (["cluster", "listener", ...NAMED] as const).map((type) => [type, new Map()]),
  );
  readonly #subscribed = new Map<Wants, Set<string>>(NAMED.map((type) => [type, new Set()]));
  /** Clusters whose endpoints have not come since they did. */
  readonly #warming = new Set<string>();
  #heldBack: DeltaRequest[] = [];
  #asked = new Set<ResourceType>();

  get isWarm(): boolean {
    return this.#warming.size === 0;
  }

  /** What it says on a new stream. */
  connect(): DeltaRequest[] {
    this.#asked = new Set();
    // While one of its clusters warms up, it asks for none.
    this.#heldBack = this.isWarm ? [] : [this.#request("cluster")];
    const first = (["cluster", "listener"] as const).flatMap((type) =>
      this.#asked.has(type) ? [] : [this.#request(type)],
    );
    const named = NAMED.flatMap((type) => {
      const names = [...this.#subscribed.get(type)!];
      return names.length === 0 ? [] : [this.#request(type, { subscribe: names })];
    });
    return [...first, ...named];
  }

  /** Takes a response, all of it. */
  take(response: DeltaResponse): DeltaRequest[] {
    const requests = this.#apply(response, response.update.resources, response.update.removed);
    return [...requests, ...this.#answer(response)];
  }

  /** Refuses a response, of which it has taken some resources. */
  refuse(response: DeltaResponse, takes: (index: number) => boolean): DeltaRequest[] {
    const requests = this.#apply(
      response,
      response.update.resources.filter((_, index) => takes(index)),
      response.update.removed.filter((_, index) => takes(index + 1)),
    );
    return [...requests, ...this.#answer(response, "no")];
  }

  #apply(
    { type }: DeltaResponse,
    resources: readonly Resource[],
    removed: readonly string[],
  ): DeltaRequest[] {
    const all = this.has.get(type)!;
    for (const resource of resources) {
      if (type !== "cluster" && type !== "listener" && !this.#subscribed.get(type)!.has(resource.name)) {
        // It came when nobody asked for it any more.
        continue;
      }
      all.set(resource.name, resource);
      if (type === "cluster" && resource.needs.some((need) => need.type === "endpoints")) {
        this.#warming.add(resource.name);
      } else if (type === "cluster") {
        this.#warming.delete(resource.name);
      }
    }
    for (const name of removed) {
      all.delete(name);
      this.#warming.delete(name);
    }
    if (type === "endpoints") {
      for (const name of [...resources.map((resource) => resource.name), ...removed]) {
        this.#warming.delete(name);
      }
    }
    return type === "cluster" || type === "listener" ? this.#subscribe() : [];
  }

  /** Asks for what its clusters and listeners need, and no longer for what they do not. */
  #subscribe(): DeltaRequest[] {
    const needs = (["cluster", "listener"] as const).flatMap((type) =>
      [...this.has.get(type)!.values()].flatMap((resource) => resource.needs),
    );
    return NAMED.flatMap((type) => {
      const before = this.#subscribed.get(type)!;
      const now = new Set(needs.filter((need) => need.type === type).map(({ name }) => name));
      this.#subscribed.set(type, now);
      const subscribe = [...now].filter((name) => !before.has(name));
      const unsubscribe = [...before].filter((name) => !now.has(name));
      for (const name of unsubscribe) {
        this.has.get(type)!.delete(name);
      }
      return subscribe.length + unsubscribe.length === 0
        ? []
        : [this.#request(type, { subscribe, unsubscribe })];
    });
  }

  #answer({ type, nonce }: DeltaResponse, refusal?: string): DeltaRequest[] {
    const answer = this.#request(type, { nonce, ...(refusal !== undefined && { refusal }) });
    if (type === "cluster") {
      this.#heldBack.push(answer);
    }
    const ready = this.isWarm ? this.#heldBack.splice(0) : [];
    return type === "cluster" ? ready : [answer, ...ready];
  }

  #request(type: ResourceType, more: Partial<DeltaRequest> = {}): DeltaRequest {
    const isFirst = !this.#asked.has(type);
    this.#asked.add(type);
    const known = [...this.has.get(type)!].map(([name, { version }]) => [name, version] as const);
    return {
      type,
      subscribe: [],
      unsubscribe: [],
      nonce: "",
      initialVersions: new Map(isFirst ? known : []),
      ...more,
    };
  }
}
