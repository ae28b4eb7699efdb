/**
 * The stream of one Envoy through a relay, as a state machine without wire, disk or time. While the server is there, messages pass both
 * ways, and what the Envoy acknowledges is remembered. While it is away, the Envoy is answered from memory. When it comes back it is
 * told what the Envoy wants and has, as the Envoy itself would on a new stream, and goes on from there.
 *
 * What is remembered is always something that an Envoy can start with: an acknowledged state in which everything is there that the
 * Envoy has asked for. Half a start or half a change replaces nothing.
 */

import type { Message } from "@bufbuild/protobuf";
import type { Accepted, AcceptedSet } from "./accepted.ts";
import type { DeltaRequest, DeltaResponse } from "./delta-messages.ts";

/** What is to be sent. */
export type Outgoing =
  | { readonly to: "envoy"; readonly response: DeltaResponse }
  | { readonly to: "server"; readonly request: DeltaRequest };

export interface RelayLineOptions {
  /** What the Envoy had when it was here last; empty for one that is new. */
  readonly remembered: AcceptedSet;
  /** What it has now, all of it. */
  readonly onAccepted: (accepted: AcceptedSet) => void;
}

/** What the Envoy wants of a type. */
interface Wanted {
  /** All there is. */
  asWhole: boolean;
  /** Whether all there is was said since, and whether the Envoy has acknowledged that. */
  isAnswered: boolean;
  isAccepted: boolean;
  readonly names: Set<string>;
}

/** A response that the Envoy has not answered. */
interface Waiting {
  readonly response: DeltaResponse;
  /** The server's own nonce, if it is for the stream that is open to it. */
  readonly stream: number | undefined;
}

const CLUSTERS = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
const LISTENERS = "type.googleapis.com/envoy.config.listener.v3.Listener";
const AS_WHOLE: ReadonlySet<string> = new Set([CLUSTERS, LISTENERS]);
const ALL = "*";

export class RelayLine {
  readonly #onAccepted: RelayLineOptions["onAccepted"];
  #remembered: AcceptedSet;
  #node: Message | undefined;
  readonly #wanted = new Map<string, Wanted>();
  readonly #has = new Map<string, Map<string, Accepted>>();
  /** Names that the server says do not exist. */
  readonly #absent = new Map<string, Set<string>>();
  readonly #waiting = new Map<string, Waiting>();
  #nonce = 0;
  /** Counts the streams to the server; `undefined` while there is none. */
  #stream: number | undefined;
  #streams = 0;
  /** Whether the server is known to be away: until then the Envoy is not answered from memory. */
  #isAway = false;
  /** Whether the Envoy has had everything that it asked for, on this stream. */
  #wasComplete = false;

  constructor({ remembered, onAccepted }: RelayLineOptions) {
    this.#remembered = remembered;
    this.#onAccepted = onAccepted;
  }

  /** Whether the Envoy waits for something that is remembered here. */
  get couldBeAnswered(): boolean {
    return !this.#wasComplete && this.#remembered.size > 0;
  }

  /** Whether it has answered everything: then what it has is known. */
  get isSettled(): boolean {
    return this.#waiting.size === 0;
  }

  fromEnvoy(request: DeltaRequest): Outgoing[] {
    this.#node ??= request.node;
    const { typeUrl, responseNonce, errorDetail } = request;
    const isFirst = !this.#wanted.has(typeUrl);
    this.#want(request, isFirst);
    const answered = this.#waiting.get(responseNonce);
    this.#waiting.delete(responseNonce);
    if (answered !== undefined && errorDetail === undefined) {
      this.#accept(answered.response);
    }
    if (this.#stream === undefined) {
      return this.#isAway ? this.#answer() : [];
    }
    if (answered === undefined || answered.stream === this.#stream) {
      const nonce = answered === undefined ? "" : answered.response.nonce;
      return [{ to: "server", request: { ...request, responseNonce: nonce } }];
    }
    // The server does not know the response that this answers.
    const { resourceNamesSubscribe, resourceNamesUnsubscribe } = request;
    return resourceNamesSubscribe.length + resourceNamesUnsubscribe.length === 0
      ? []
      : [{ to: "server", request: requestOf({ typeUrl, resourceNamesSubscribe, resourceNamesUnsubscribe }) }];
  }

  fromServer(response: DeltaResponse): Outgoing[] {
    const wanted = this.#wanted.get(response.typeUrl);
    if (wanted !== undefined) {
      wanted.isAnswered = true;
    }
    return [this.#toEnvoy(response, this.#stream)];
  }

  /** A stream to the server is open: it is told everything that the Envoy has told since it came. */
  serverUp(): Outgoing[] {
    this.#stream = ++this.#streams;
    this.#isAway = false;
    return [...this.#wanted].map(([typeUrl, { asWhole, names }], index) => ({
      to: "server",
      request: requestOf({
        ...(index === 0 && this.#node !== undefined && { node: this.#node }),
        typeUrl,
        // No names at all are all there is.
        resourceNamesSubscribe: asWhole && names.size > 0 ? [ALL, ...names] : [...names],
        initialResourceVersions: Object.fromEntries(
          [...this.#of(typeUrl)].map(([name, { version }]) => [name, version]),
        ),
      }),
    }));
  }

  /** There is no server, or none that answers: the Envoy is served from memory until there is. */
  serverDown(): Outgoing[] {
    this.#stream = undefined;
    this.#isAway = true;
    if (!this.#wasComplete) {
      // What the server has said of its state so far need not go with what is remembered.
      for (const wanted of this.#wanted.values()) {
        wanted.isAnswered = false;
        wanted.isAccepted = false;
      }
    }
    return this.#answer();
  }

  #want(request: DeltaRequest, isFirst: boolean): void {
    const { typeUrl, resourceNamesSubscribe: subscribe, initialResourceVersions } = request;
    const wanted = this.#wanted.get(typeUrl) ?? {
      asWhole: false,
      isAnswered: false,
      isAccepted: false,
      names: new Set(),
    };
    this.#wanted.set(typeUrl, wanted);
    const has = this.#of(typeUrl);
    if (isFirst) {
      wanted.asWhole = subscribe.length === 0 && AS_WHOLE.has(typeUrl);
      const known = this.#remembered.get(typeUrl);
      for (const [name, version] of Object.entries(initialResourceVersions)) {
        const one = known?.get(name);
        has.set(name, one?.version === version ? one : { version, bytes: undefined });
      }
      // An Envoy that has been told already needs no answer to serve.
      wanted.isAnswered = wanted.asWhole && has.size > 0;
      wanted.isAccepted = wanted.isAnswered;
    }
    for (const name of subscribe) {
      if (name === ALL) {
        wanted.asWhole = true;
      } else {
        wanted.names.add(name);
      }
    }
    for (const name of request.resourceNamesUnsubscribe) {
      if (name === ALL) {
        wanted.asWhole = false;
        continue;
      }
      wanted.names.delete(name);
      if (!wanted.asWhole) {
        has.delete(name);
      }
    }
  }

  #accept({ typeUrl, resources, removedResources }: DeltaResponse): void {
    const has = this.#of(typeUrl);
    const wanted = this.#wanted.get(typeUrl);
    if (wanted !== undefined) {
      wanted.isAccepted = true;
    }
    const absent = this.#absent.get(typeUrl) ?? new Set();
    this.#absent.set(typeUrl, absent);
    for (const { name, version, resource } of resources) {
      has.set(name, { version, bytes: resource?.value });
      absent.delete(name);
    }
    for (const name of removedResources) {
      has.delete(name);
      absent.add(name);
    }
    if (this.#isComplete()) {
      this.#wasComplete = true;
      this.#remembered = new Map([...this.#has].map(([type, all]) => [type, new Map(all)]));
      this.#onAccepted(this.#remembered);
    }
  }

  /** Everything that it has asked for is there, and what it has can be said again. */
  #isComplete(): boolean {
    const isWhole = [...AS_WHOLE].every((type) => this.#wanted.get(type)?.isAccepted === true);
    return (
      isWhole &&
      [...this.#wanted].every(([type, { names }]) => {
        const [has, absent] = [this.#of(type), this.#absent.get(type)];
        return (
          [...has.values()].every(({ bytes }) => bytes !== undefined) &&
          [...names].every((name) => has.has(name) || absent?.has(name) === true)
        );
      })
    );
  }

  /** What the Envoy waits for, out of memory. */
  #answer(): Outgoing[] {
    return [...this.#wanted].flatMap(([typeUrl, wanted]): Outgoing[] => {
      const known = this.#remembered.get(typeUrl);
      if (known === undefined) {
        return [];
      }
      const has = this.#of(typeUrl);
      const isOwed = wanted.asWhole && !wanted.isAnswered;
      const sent = this.#sent(typeUrl);
      const resources = [...known].flatMap(([name, { version, bytes }]) => {
        const isWanted = isOwed
          ? has.get(name)?.version !== version
          : wanted.names.has(name) && !has.has(name);
        return isWanted && bytes !== undefined && !sent.has(name)
          ? { name, version, resource: { typeUrl, value: bytes } }
          : [];
      });
      if (resources.length === 0 && !isOwed) {
        return [];
      }
      wanted.isAnswered = true;
      return [this.#toEnvoy({ typeUrl, nonce: "", resources, removedResources: [] }, undefined)];
    });
  }

  #toEnvoy(response: DeltaResponse, stream: number | undefined): Outgoing {
    const nonce = String(++this.#nonce);
    this.#waiting.set(nonce, { response, stream });
    return { to: "envoy", response: { ...response, nonce } };
  }

  /** Names in responses that the Envoy has not answered. */
  #sent(typeUrl: string): ReadonlySet<string> {
    return new Set(
      [...this.#waiting.values()]
        .filter(({ response }) => response.typeUrl === typeUrl)
        .flatMap(({ response }) => response.resources.map(({ name }) => name)),
    );
  }

  #of(typeUrl: string): Map<string, Accepted> {
    const has = this.#has.get(typeUrl) ?? new Map<string, Accepted>();
    this.#has.set(typeUrl, has);
    return has;
  }
}

function requestOf(request: Partial<DeltaRequest> & Pick<DeltaRequest, "typeUrl">): DeltaRequest {
  return {
    resourceNamesSubscribe: [],
    resourceNamesUnsubscribe: [],
    initialResourceVersions: {},
    responseNonce: "",
    ...request,
  };
}
