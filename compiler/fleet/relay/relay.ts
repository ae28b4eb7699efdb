/**
 * A relay beside an Envoy: it stands between the Envoy and its server, and remembers on its own disk what the Envoy has accepted. While the
 * server is away, an Envoy that restarts is served from there, and goes on where the server is when that comes back.
 */

import { setTimeout as sleep } from "node:timers/promises";
import {
  type AdsServer,
  type AdsServerOptions,
  type AdsStream,
  startAdsServer,
} from "../../run/ads/server.ts";
import { RetryPause } from "../../run/retry-pause.ts";
import { type DeltaMessages, type DeltaRequest, deltaMessages } from "./delta-messages.ts";
import { type Outgoing, RelayLine } from "./relay-line.ts";
import { type NodeMemory, RelayMemory } from "./relay-memory.ts";
import { Upstream, type UpstreamOptions, type UpstreamStream } from "./upstream.ts";

export interface RelayOptions extends Pick<AdsServerOptions, "listen" | "tls" | "mostStreams"> {
  readonly upstream: UpstreamOptions;
  /** Where what was accepted is kept. */
  readonly directory: string;
  readonly onEvent: (event: RelayEvent) => void;
}

export type RelayEvent =
  /** An Envoy has opened a stream. */
  | { readonly kind: "joined"; readonly proxy: string }
  | { readonly kind: "lost"; readonly proxy: string }
  /** It is told what it is to do by the server. */
  | { readonly kind: "relayed"; readonly proxy: string }
  /** The server is away, or does not answer: it is told what it had accepted. */
  | { readonly kind: "remembered"; readonly proxy: string }
  /** Something that somebody should know, in a line. */
  | { readonly kind: "notice"; readonly line: string };

export interface Relay {
  readonly port: number;
  close(): Promise<void>;
}

/** By which Envoys report their answers to their server. */
const REPORTS = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
/** Within which a server that is there has said something to an Envoy that starts. */
const PATIENCE_MS = 1_000;
/** Within which an Envoy has acknowledged what it was told from memory, before its server takes over. */
const SETTLED_MS = 5_000;
const LOOK_MS = 20;
/** Between streams that a server ends as soon as they begin, as Envoy itself has it. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/** Serves until it is closed. Throws an `EnvironmentError` when the address or the folder cannot be used. */
export async function startRelay({
  upstream: to,
  directory,
  onEvent,
  ...server
}: RelayOptions): Promise<Relay> {
  const onNotice = (line: string) => onEvent({ kind: "notice", line });
  const messages = await deltaMessages();
  const memory = await RelayMemory.open(directory, onNotice);
  const upstream = await Upstream.create(to);
  const open = new Set<RelayedStream>();
  let ads: AdsServer;
  try {
    ads = await startAdsServer({
      ...server,
      onProblem: onNotice,
      onStream(stream) {
        const relayed = new RelayedStream({ stream, messages, memory, upstream, onEvent });
        open.add(relayed);
        stream.onEnd(() => {
          relayed.close();
          open.delete(relayed);
        });
      },
      methods: [
        {
          path: REPORTS,
          answer(request, { token }) {
            upstream.tell(REPORTS, request, token);
            return new Uint8Array();
          },
        },
      ],
    });
  } catch (error) {
    upstream.close();
    await memory.close();
    throw error;
  }
  return {
    port: ads.port,
    async close() {
      ads.close();
      for (const relayed of open) {
        relayed.close();
      }
      upstream.close();
      await memory.close();
    },
  };
}

interface RelayedStreamOptions {
  readonly stream: AdsStream;
  readonly messages: DeltaMessages;
  readonly memory: RelayMemory;
  readonly upstream: Upstream;
  readonly onEvent: (event: RelayEvent) => void;
}

/** The stream of one Envoy, and those to its server that stand behind it one after another. */
class RelayedStream {
  readonly #options: RelayedStreamOptions;
  readonly #pause = new RetryPause(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  readonly #closed = new AbortController();
  #proxy = "";
  #line: RelayLine | undefined;
  /** What comes before it is known who is there. */
  readonly #early: DeltaRequest[] = [];
  #server: UpstreamStream | undefined;
  /** The stream to the server is over. */
  #endTurn: () => void = () => {};
  #isAway = false;

  constructor(options: RelayedStreamOptions) {
    this.#options = options;
    options.stream.onMessage((bytes) => this.#read(bytes));
  }

  close(): void {
    if (!this.#closed.signal.aborted) {
      this.#closed.abort();
      this.#server?.end();
      this.#endTurn();
      this.#options.onEvent({ kind: "lost", proxy: this.#proxy });
    }
  }

  #read(bytes: Uint8Array): void {
    const { stream, messages, onEvent } = this.#options;
    let request: DeltaRequest;
    try {
      request = messages.readRequest(bytes);
    } catch (error) {
      onEvent({
        kind: "notice",
        line: `${stream.peer.address} sent what is not a request: ${(error as Error).message}`,
      });
      stream.end("INVALID_ARGUMENT", "not a DeltaDiscoveryRequest");
      return;
    }
    if (this.#line !== undefined) {
      this.#send(this.#line.fromEnvoy(request));
      return;
    }
    this.#early.push(request);
    if (this.#early.length === 1) {
      void this.#begin(request);
    }
  }

  async #begin({ node }: DeltaRequest): Promise<void> {
    const { stream, memory, onEvent } = this.#options;
    this.#proxy = (node as { readonly id?: string } | undefined)?.id ?? "";
    if (this.#proxy === "") {
      onEvent({
        kind: "notice",
        line: `${stream.peer.address} was let go: its first request does not say who asks`,
      });
      stream.end("INVALID_ARGUMENT", "the first request has no `node` with an id");
      return;
    }
    const own: NodeMemory = await memory.of(this.#proxy);
    const line = new RelayLine({
      remembered: own.accepted,
      onAccepted: (accepted) => own.remember(accepted),
    });
    onEvent({ kind: "joined", proxy: this.#proxy });
    this.#line = line;
    for (const request of this.#early) {
      this.#send(line.fromEnvoy(request));
    }
    while (!this.#closed.signal.aborted) {
      await this.#serve(line);
    }
  }

  /** One stream to the server, from when it is sought until it is over. */
  async #serve(line: RelayLine): Promise<void> {
    const { upstream, stream, messages, onEvent } = this.#options;
    if (upstream.isAway) {
      this.#away(line);
    }
    if (!(await upstream.ready(PATIENCE_MS))) {
      this.#away(line);
      return;
    }
    await this.#settled(line);
    if (this.#closed.signal.aborted) {
      return;
    }
    let hasSpoken = false;
    const over = new Promise<void>((resolve) => {
      this.#endTurn = resolve;
    });
    this.#server = upstream.open(stream.peer.token, {
      onMessage: (bytes) => {
        if (!hasSpoken) {
          hasSpoken = true;
          this.#pause.reset();
        }
        this.#send(line.fromServer(messages.readResponse(bytes)));
      },
      onEnd: () => this.#endTurn(),
    });
    this.#isAway = false;
    onEvent({ kind: "relayed", proxy: this.#proxy });
    this.#send(line.serverUp());
    // Somebody accepts connections, and may not say anything for all that.
    const patience = setTimeout(() => {
      if (!hasSpoken && line.couldBeAnswered) {
        this.#server?.end();
        this.#endTurn();
      }
    }, PATIENCE_MS);
    await over;
    clearTimeout(patience);
    this.#server = undefined;
    this.#away(line);
    await this.#sleep(this.#pause.next());
  }

  #away(line: RelayLine): void {
    if (this.#closed.signal.aborted || this.#isAway) {
      return;
    }
    this.#isAway = true;
    this.#options.onEvent({ kind: "remembered", proxy: this.#proxy });
    this.#send(line.serverDown());
  }

  /** What the Envoy was told from memory it has answered, or was given time enough. */
  async #settled(line: RelayLine): Promise<void> {
    const end = performance.now() + SETTLED_MS;
    while (!line.isSettled && performance.now() < end && !this.#closed.signal.aborted) {
      await this.#sleep(LOOK_MS);
    }
  }

  #send(outgoing: readonly Outgoing[]): void {
    const { stream, messages } = this.#options;
    for (const one of outgoing) {
      if (one.to === "envoy") {
        stream.send(messages.writeResponse(one.response));
      } else {
        this.#server?.send(messages.writeRequest(one.request));
      }
    }
  }

  async #sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#closed.signal }).catch(() => {});
  }
}
