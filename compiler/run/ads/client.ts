/**
 * A proxy as its server knows it: what it shall have, and what it says of that, over whichever stream it has open. When a stream
 * is lost the proxy opens another one, says what it has, and goes on from there.
 */

import type { ResourceSet, ResourceType } from "../../back/xds/resource-set.ts";
import type { AdsCodec, Decoded } from "./codec.ts";
import type { AdsStream } from "./server.ts";
import { AdsSession, type Named } from "./session.ts";
import { type Turn, Turns } from "./turns.ts";

/** What a proxy says of an offer. */
export type Verdict =
  | { readonly kind: "taken" }
  /** `words` are its own. */
  | { readonly kind: "refused"; readonly words: string }
  /** It has said nothing, or not enough, in the time given: it may have these or not. */
  | { readonly kind: "silent"; readonly open: readonly Named[] };

export interface AdsClientOptions {
  readonly codec: AdsCodec;
  /** Of all clients of a server. */
  readonly turns?: Turns;
  /** Told, in a line, of what the client does wrong. */
  readonly onProblem?: (line: string) => void;
}

/** Bytes; whoever is sent more waits for its turn. */
const HEAVY = 64 << 10;
/** Different words in the log for one stream. */
const MOST_TOLD = 8;
/** Characters of what a client made up. */
const MOST_SHOWN = 120;

export class AdsClient {
  readonly #codec: AdsCodec;
  readonly #turns: Turns;
  readonly #onProblem: (line: string) => void;
  /** Types that nobody serves, as far as they were told. */
  readonly #isTold = new Set<string>();
  #stream: AdsStream | undefined;
  #session = new AdsSession();
  #offered: ResourceSet | undefined;
  #turn: Turn | undefined;
  #wait: Wait | undefined;

  constructor({ codec, turns = new Turns(), onProblem = () => {} }: AdsClientOptions) {
    this.#codec = codec;
    this.#turns = turns;
    this.#onProblem = onProblem;
  }

  /** Whether a stream is open. */
  get isConnected(): boolean {
    return this.#stream !== undefined;
  }

  /** What the proxy has from an earlier stream, as far as it has said by now: type → name → version. */
  get reported(): ReadonlyMap<ResourceType, ReadonlyMap<string, string>> {
    return this.#session.reported;
  }

  /** The newest stream is the one that counts. `first`: what was read of it already. */
  attach(stream: AdsStream, first?: Decoded): void {
    this.#stream?.end();
    this.#stream = stream;
    this.#isTold.clear();
    this.#forget();
    stream.onMessage((bytes) => {
      if (this.#stream === stream) {
        this.#read(bytes);
      }
    });
    stream.onEnd(() => {
      if (this.#stream === stream) {
        this.#stream = undefined;
        this.#forget();
      }
    });
    if (first !== undefined) {
      this.#hear(first);
    }
  }

  /** Ends the stream, if there is one. */
  close(): void {
    this.#stream?.end();
  }

  /**
   * Offers resources, and waits until the proxy has them all and nothing else, refuses some, or was given time enough, which begins
   * when they are sent. Rejects when `signal` says that nobody waits any longer, or when resources cannot be encoded. One at a
   * time; when one was given up, the next takes the place of what was not sent yet.
   */
  async offer(set: ResourceSet, timeoutMs: number, signal?: AbortSignal): Promise<Verdict> {
    signal?.throwIfAborted();
    const wait = new Wait(timeoutMs, () => this.#session.open);
    const giveUp = () => wait.fail(signal?.reason);
    signal?.addEventListener("abort", giveUp);
    this.#wait = wait;
    try {
      this.#offered = set;
      this.#session.offer(set);
      this.#advance();
      return await wait.verdict;
    } finally {
      signal?.removeEventListener("abort", giveUp);
      wait.end();
      if (this.#wait === wait) {
        this.#wait = undefined;
        this.#endTurn();
      }
    }
  }

  /** Nothing of what the proxy has is known until it says so on a new stream. */
  #forget(): void {
    this.#endTurn();
    this.#session = new AdsSession();
    if (this.#offered !== undefined) {
      this.#session.offer(this.#offered);
    }
    this.#advance();
  }

  #read(bytes: Uint8Array): void {
    let message: Decoded;
    try {
      message = this.#codec.decode(bytes);
    } catch (error) {
      const stream = this.#stream;
      this.#onProblem(`${stream?.peer.address} sent what is not a request: ${(error as Error).message}`);
      stream?.end("INVALID_ARGUMENT", "not a DeltaDiscoveryRequest");
      return;
    }
    this.#hear(message);
  }

  #hear({ request, typeUrl }: Decoded): void {
    if (request === undefined) {
      this.#tellUnknown(typeUrl);
      return;
    }
    const refusal = this.#session.receive(request);
    this.#advance();
    if (refusal !== undefined) {
      this.#wait?.resolve({ kind: "refused", words: refusal });
    }
  }

  /** Says what is to be said, in its turn, and sees whether that is all. */
  #advance(): void {
    try {
      if (this.#stream !== undefined && this.#turn === undefined && this.#isHeavy()) {
        this.#turn = this.#turns.take(() => this.#advance());
      }
      if (this.#turn?.isWaiting === true) {
        this.#wait?.pause();
        return;
      }
      this.#wait?.start();
      this.#send();
    } catch (error) {
      // Half an answer would be taken for a whole one: the proxy begins anew.
      this.#wait?.fail(error);
      this.#stream?.end("INTERNAL", "the configuration cannot be encoded");
      return;
    }
    if (this.#session.isSettled) {
      this.#endTurn();
      this.#wait?.resolve({ kind: "taken" });
    }
  }

  #send(): void {
    if (this.#stream !== undefined) {
      for (const bytes of this.#session.send().map((response) => this.#codec.encode(response))) {
        this.#stream?.send(bytes);
      }
    }
  }

  #isHeavy(): boolean {
    let bytes = 0;
    for (const update of this.#session.due) {
      bytes += this.#codec.sizeOf(update);
    }
    return bytes > HEAVY;
  }

  #endTurn(): void {
    const turn = this.#turn;
    this.#turn = undefined;
    turn?.end();
  }

  /** Once for each type of a stream. */
  #tellUnknown(typeUrl: string): void {
    if (this.#isTold.size < MOST_TOLD && !this.#isTold.has(typeUrl)) {
      this.#isTold.add(typeUrl);
      const type = JSON.stringify(typeUrl.slice(0, MOST_SHOWN));
      this.#onProblem(`${this.#stream?.peer.address} asks for ${type}, which this server has nothing of`);
    }
  }
}

/** For a verdict, within a time that does not pass while the client waits for its turn. */
class Wait {
  readonly verdict: Promise<Verdict>;
  readonly #timeoutMs: number;
  readonly #open: () => readonly Named[];
  resolve!: (verdict: Verdict) => void;
  fail!: (reason: unknown) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number, open: () => readonly Named[]) {
    this.#timeoutMs = timeoutMs;
    this.#open = open;
    this.verdict = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.fail = reject;
    });
  }

  start(): void {
    this.#timer ??= setTimeout(() => this.resolve({ kind: "silent", open: this.#open() }), this.#timeoutMs);
  }

  pause(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  end(): void {
    this.pause();
  }
}
