/**
 * The delta protocol of xDS as a state machine, for one stream of one client: requests and offers go in, responses come out. It
 * knows neither gRPC nor protobuf nor time, so every order of requests, acknowledgements, refusals and losses can be
 * tried.
 *
 * What it adds to the protocol is what Envoy was measured to need:
 *
 *  - A cluster that changes does not ask for its endpoints again, and waits for them before it serves: they are sent once more
 *    behind it.
 *  - Envoy acknowledges clusters when none of them warms up any more. A listener it acknowledges at once, and warms it
 *    until its rules and secrets are there: so whatever a listener needs must have been acknowledged, too.
 *  - Only listeners and clusters are asked for as a whole, and only for them a removal means that something goes. Whoever
 *    still reads the rules of a listener that is gone goes on with what it has. A cluster that asks for endpoints which nobody
 *    has is told so, or it would wait for ever.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#incremental-xds
 */

import type { Reference, Resource, ResourceSet, ResourceType } from "../../back/xds/resource-set.ts";
import { Subscription, type Update } from "./subscription.ts";

/** `envoy.service.discovery.v3.DeltaDiscoveryRequest`, for a type that is known. */
export interface DeltaRequest {
  readonly type: ResourceType;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** What the client has already, from an earlier stream: name → version. */
  readonly initialVersions: ReadonlyMap<string, string>;
  /** Of the response that this answers; empty: of none. */
  readonly nonce: string;
  /** Why the client refuses that response. */
  readonly refusal?: string;
}

/** `envoy.service.discovery.v3.DeltaDiscoveryResponse` */
export interface DeltaResponse extends Update {
  readonly type: ResourceType;
  readonly nonce: string;
}

/** What a request comes to. */
export interface Received {
  readonly responses: readonly DeltaResponse[];
  /** The client's own words, where it refuses something that it shall have. */
  readonly refusal?: string;
}

/** A resource, without what is in it. */
export interface Named {
  readonly type: ResourceType;
  readonly name: string;
}

/** What is named by another resource is sent before it; but for endpoints, which are for clusters that are there. */
const IN_ORDER: readonly ResourceType[] = [
  "secret",
  "cluster",
  "endpoints",
  "routes",
  "extension",
  "listener",
];

const AS_WHOLE: ReadonlySet<ResourceType> = new Set(["cluster", "listener"]);

export class AdsSession {
  readonly #subscriptions = new Map(IN_ORDER.map((type) => [type, new Subscription(type === "endpoints")]));
  #offered: ResourceSet | undefined;
  #nonce = 0;

  /** From now on the client shall have these. What it refused before is sent again. */
  offer(set: ResourceSet): DeltaResponse[] {
    this.#offered = set;
    return this.#sendAll(IN_ORDER, true);
  }

  receive(request: DeltaRequest): Received {
    const { type, nonce, refusal, initialVersions, subscribe, unsubscribe } = request;
    const subscription = this.#of(type);
    const isFirst = !subscription.hasBegun;
    if (isFirst) {
      // Endpoints that it has say nothing of whether a cluster still waits for them.
      subscription.begin(
        type === "endpoints" ? new Map() : initialVersions,
        AS_WHOLE.has(type) && subscribe.length === 0,
      );
    }
    let isRefused = false;
    if (nonce !== "" && refusal === undefined) {
      subscription.acknowledge(nonce);
    } else if (nonce !== "") {
      isRefused = subscription.refuse(nonce);
    }
    subscription.unsubscribe(unsubscribe);
    subscription.subscribe(subscribe, isFirst);
    return {
      responses: isFirst ? this.#begin(type) : this.#answer(type),
      ...(isRefused && refusal !== undefined && { refusal }),
    };
  }

  /** What of the offer the client is not known to have, and what it may have beside; nothing when it has taken all. */
  get open(): readonly Named[] {
    const offered = this.#offered;
    if (offered === undefined) {
      return [];
    }
    const open = new Map<string, Named>();
    const add = (type: ResourceType, name: string) => open.set(`${type} ${name}`, { type, name });
    for (const type of IN_ORDER) {
      const subscription = this.#of(type);
      for (const name of subscription.unanswered) {
        add(type, name);
      }
      if (AS_WHOLE.has(type)) {
        for (const name of subscription.beside(offered[type])) {
          add(type, name);
        }
      }
    }
    for (const resource of [...offered.cluster.values(), ...offered.listener.values()]) {
      for (const needed of [resource, ...resource.needs.flatMap((need) => neededOf(offered, need))]) {
        if (!this.#of(needed.type).has(needed)) {
          add(needed.type, needed.name);
        }
      }
    }
    return [...open.values()];
  }

  #sendAll(types: readonly ResourceType[], retry: boolean): DeltaResponse[] {
    const offered = this.#offered;
    return types.flatMap((type) => {
      const update = offered && this.#of(type).updateTo(offered[type], retry);
      return update === undefined ? [] : this.#send(type, update);
    });
  }

  #begin(type: ResourceType): DeltaResponse[] {
    return this.#sendAll(type === "cluster" ? ["cluster", "endpoints"] : [type], false);
  }

  /** What somebody waits for, and nothing else: what was refused is not sent again and again. */
  #answer(type: ResourceType): DeltaResponse[] {
    const update = this.#offered && this.#of(type).answer(this.#offered[type]);
    return update === undefined ? [] : [this.#send(type, update)];
  }

  #send(type: ResourceType, update: Update): DeltaResponse {
    const nonce = String(++this.#nonce);
    this.#of(type).note(nonce, update);
    if (type === "cluster") {
      for (const need of update.resources.flatMap(({ needs }) => needs)) {
        if (need.type === "endpoints") {
          this.#of("endpoints").owe(need.name);
        }
      }
    }
    return { type, nonce, ...update };
  }

  #of(type: ResourceType): Subscription {
    return this.#subscriptions.get(type)!;
  }
}

/** A route class is a part of a table, and comes with it. */
function neededOf(offered: ResourceSet, { type, name }: Reference): Resource[] {
  const needed = type === "class" ? undefined : offered[type].get(name);
  return needed === undefined ? [] : [needed];
}
