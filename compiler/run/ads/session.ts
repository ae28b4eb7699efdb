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

import type { ResourceSet, ResourceType } from "../../back/xds/resource-set.ts";
import type { Update } from "./changes.ts";
import { withoutForeign } from "./foreign.ts";
import { requiredOf } from "./required.ts";
import { Subscription } from "./subscription.ts";

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
export interface DeltaResponse {
  readonly type: ResourceType;
  readonly nonce: string;
  /** The same object for all clients that are told the same. */
  readonly update: Update;
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
  readonly #reported = new Map<ResourceType, ReadonlyMap<string, string>>();
  readonly #subscriptions = new Map(IN_ORDER.map((type) => [type, new Subscription(type === "endpoints")]));
  /** Types of which something may be to be sent; `true`: also what was refused. */
  readonly #due = new Map<ResourceType, boolean>();
  #offered: ResourceSet | undefined;
  #nonce = 0;

  /** From now on the client shall have these. What it refused before is sent again. */
  offer(set: ResourceSet): void {
    this.#offered = set;
    const { own, spared } = withoutForeign(set);
    const required = requiredOf(own);
    for (const [type, subscription] of this.#subscriptions) {
      subscription.offer(own[type], required[type], spared[type]);
      this.#due.set(type, true);
    }
  }

  /** The client's own words, where it refuses something that it shall have. */
  receive({
    type,
    nonce,
    refusal,
    initialVersions,
    subscribe,
    unsubscribe,
  }: DeltaRequest): string | undefined {
    const subscription = this.#of(type);
    const isFirst = !subscription.hasBegun;
    if (isFirst) {
      this.#reported.set(type, initialVersions);
      // A cluster may still wait for endpoints that the client has. Then Envoy has not asked for clusters yet (tried with 1.36 and 1.40).
      const mayWait = type === "endpoints" && !this.#of("cluster").hasBegun;
      subscription.begin(mayWait ? new Map() : initialVersions, AS_WHOLE.has(type) && subscribe.length === 0);
    }
    let isRefused = false;
    if (nonce !== "" && refusal === undefined) {
      subscription.acknowledge(nonce);
    } else if (nonce !== "") {
      isRefused = subscription.refuse(nonce);
    }
    subscription.unsubscribe(unsubscribe);
    subscription.subscribe(subscribe, isFirst);
    // An acknowledgement alone asks for nothing.
    if (isFirst || isRefused || subscribe.length + unsubscribe.length > 0) {
      this.#due.set(type, this.#due.get(type) ?? false);
    }
    return isRefused ? refusal : undefined;
  }

  /** What `send` would tell the client first. */
  get due(): readonly Update[] {
    const updates: Update[] = [];
    // Most messages of a client acknowledge, and nothing is to be said: it costs nothing to see.
    if (this.#due.size > 0) {
      for (const type of IN_ORDER) {
        const update = this.#update(type);
        if (update !== undefined) {
          updates.push(update);
        }
      }
    }
    return updates;
  }

  /** What is to be said now. */
  send(): DeltaResponse[] {
    const responses: DeltaResponse[] = [];
    if (this.#due.size === 0 || this.#offered === undefined) {
      return responses;
    }
    for (const type of IN_ORDER) {
      const update = this.#update(type);
      if (update !== undefined) {
        responses.push(this.#send(type, update));
      }
    }
    this.#due.clear();
    return responses;
  }

  /** Whether the client has taken all of the offer, and has nothing beside. */
  get isSettled(): boolean {
    return this.#offered === undefined || IN_ORDER.every((type) => this.#of(type).isSettled);
  }

  /** What the client has from an earlier stream, of the types that it has asked for so far: name → version. */
  get reported(): ReadonlyMap<ResourceType, ReadonlyMap<string, string>> {
    return this.#reported;
  }

  /** What of the offer the client is not known to have, and what it may have beside; nothing when it has taken all. */
  get open(): readonly Named[] {
    return this.#offered === undefined
      ? []
      : IN_ORDER.flatMap((type) => [...this.#of(type).open].map((name) => ({ type, name })));
  }

  /** Nothing before there is an offer: a client waits for its first answer. */
  #update(type: ResourceType): Update | undefined {
    const retry = this.#due.get(type);
    return retry === undefined || this.#offered === undefined ? undefined : this.#of(type).update(retry);
  }

  #send(type: ResourceType, update: Update): DeltaResponse {
    const nonce = String(++this.#nonce);
    this.#of(type).note(nonce, update);
    if (type === "cluster") {
      for (const need of update.resources.flatMap(({ needs }) => needs)) {
        if (need.type === "endpoints") {
          this.#of("endpoints").owe(need.name);
          this.#due.set("endpoints", this.#due.get("endpoints") ?? false);
        }
      }
    }
    return { type, nonce, update };
  }

  #of(type: ResourceType): Subscription {
    return this.#subscriptions.get(type)!;
  }
}
