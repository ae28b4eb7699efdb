/**
 * A client of delta ADS that answers as an Envoy does, and does nothing with what it is told: a thousand of them fit in a process. Like an
 * Envoy it asks for all clusters and listeners, and by name for what they need; it acknowledges clusters when none of them
 * waits for endpoints any more, and everything else at once.
 */

import type { Client, ClientDuplexStream } from "@grpc/grpc-js";
import type { ReceivedResource, ReceivedResponse, Wire } from "./wire.ts";

const METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
const AS_WHOLE = ["envoy.config.cluster.v3.Cluster", "envoy.config.listener.v3.Listener"] as const;
const [CLUSTER] = AS_WHOLE;
const ENDPOINTS = "envoy.config.endpoint.v3.ClusterLoadAssignment";

/** What the server has sent, for whoever counts. */
export interface Counts {
  messages: number;
  bytes: number;
  /** When the last of it came: milliseconds of the machine's clock, the same in all processes. */
  at: number;
}

export class SimulatedEnvoy {
  readonly #wire: Wire;
  readonly #id: string;
  readonly counts: Counts = { messages: 0, bytes: 0, at: 0 };
  /** By type: name → version. */
  readonly #has = new Map<string, Map<string, string>>();
  /** Who needs what: cluster or listener → names by type. */
  readonly #needs = new Map<string, ReadonlyMap<string, readonly string[]>>();
  readonly #subscribed = new Map<string, Map<string, number>>();
  readonly #warming = new Set<string>();
  #heldBack: object[] = [];
  #call: ClientDuplexStream<Buffer, Buffer> | undefined;
  #isClosed = false;

  constructor(wire: Wire, id: string) {
    this.#wire = wire;
    this.#id = id;
  }

  /** Versions of what it has, by type and name. */
  get has(): ReadonlyMap<string, ReadonlyMap<string, string>> {
    return this.#has;
  }

  /** Opens a stream and says what it has. `onEnd` is told when the stream is over, unless it was ended from here. */
  connect(client: Client, onEnd: () => void): void {
    const asIs = (bytes: Buffer) => bytes;
    const call = client.makeBidiStreamRequest(METHOD, asIs, asIs);
    this.#call = call;
    this.#heldBack = [];
    this.#isClosed = false;
    call.on("error", () => {});
    call.on("status", () => {
      if (this.#call === call && !this.#isClosed) {
        onEnd();
      }
    });
    call.on("data", (bytes: Buffer) => {
      this.counts.messages += 1;
      this.counts.bytes += bytes.length;
      this.counts.at = performance.timeOrigin + performance.now();
      this.#take(this.#wire.readResponse(bytes));
    });
    const first = [
      ...AS_WHOLE,
      ...[...this.#subscribed.keys()].filter((type) => this.#names(type).length > 0),
    ];
    for (const [index, type] of first.entries()) {
      this.#say({
        ...(index === 0 && { node: { id: this.#id, cluster: "simulated" } }),
        typeUrl: this.#wire.typeUrl(type),
        resourceNamesSubscribe: AS_WHOLE.includes(type as typeof CLUSTER) ? [] : this.#names(type),
        initialResourceVersions: Object.fromEntries(this.#has.get(type) ?? []),
      });
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#call?.cancel();
  }

  #names(type: string): string[] {
    return [...(this.#subscribed.get(type)?.keys() ?? [])];
  }

  #take({ type, nonce, resources, removed }: ReceivedResponse): void {
    let has = this.#has.get(type);
    if (has === undefined) {
      has = new Map();
      this.#has.set(type, has);
    }
    const wanted = new Map<string, { more: string[]; less: string[] }>();
    for (const resource of resources) {
      has.set(resource.name, resource.version);
      this.#need(type, resource, wanted);
    }
    for (const name of removed) {
      has.delete(name);
      this.#forget(type, name, wanted);
    }
    if (type === ENDPOINTS) {
      for (const name of [...resources.map((one) => one.name), ...removed]) {
        this.#warming.delete(name);
      }
    }
    for (const [needed, { more, less }] of wanted) {
      if (more.length + less.length > 0) {
        const typeUrl = this.#wire.typeUrl(needed);
        this.#say({ typeUrl, resourceNamesSubscribe: more, resourceNamesUnsubscribe: less });
      }
    }
    const answer = { typeUrl: this.#wire.typeUrl(type), responseNonce: nonce };
    if (type === CLUSTER) {
      this.#heldBack.push(answer);
    } else {
      this.#say(answer);
    }
    if (this.#warming.size === 0) {
      for (const held of this.#heldBack.splice(0)) {
        this.#say(held);
      }
    }
  }

  #need(
    type: string,
    { name, needs }: ReceivedResource,
    wanted: Map<string, { more: string[]; less: string[] }>,
  ) {
    if (!AS_WHOLE.includes(type as typeof CLUSTER)) {
      return;
    }
    this.#forget(type, name, wanted);
    this.#needs.set(`${type} ${name}`, needs);
    for (const [needed, names] of needs) {
      const subscribed = this.#subscribed.get(needed) ?? new Map<string, number>();
      this.#subscribed.set(needed, subscribed);
      const change = wanted.get(needed) ?? { more: [], less: [] };
      wanted.set(needed, change);
      for (const one of names) {
        const users = subscribed.get(one) ?? 0;
        subscribed.set(one, users + 1);
        const isBack = change.less.indexOf(one);
        if (isBack >= 0) {
          change.less.splice(isBack, 1);
        } else if (users === 0) {
          change.more.push(one);
        }
        if (needed === ENDPOINTS) {
          this.#warming.add(one);
        }
      }
    }
  }

  #forget(type: string, name: string, wanted: Map<string, { more: string[]; less: string[] }>): void {
    const key = `${type} ${name}`;
    for (const [needed, names] of this.#needs.get(key) ?? []) {
      const subscribed = this.#subscribed.get(needed)!;
      const change = wanted.get(needed) ?? { more: [], less: [] };
      wanted.set(needed, change);
      for (const one of names) {
        const users = subscribed.get(one)! - 1;
        this.#warming.delete(one);
        if (users > 0) {
          subscribed.set(one, users);
        } else {
          subscribed.delete(one);
          this.#has.get(needed)?.delete(one);
          change.less.push(one);
        }
      }
    }
    this.#needs.delete(key);
  }

  #say(request: object): void {
    this.#call?.write(this.#wire.writeRequest(request));
  }
}
