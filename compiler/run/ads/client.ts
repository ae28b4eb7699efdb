/**
 * A proxy as its server knows it: what it shall have, and what it says of that, over whichever stream it has open. When a stream
 * is lost the proxy opens another one, says what it has, and goes on from there.
 */

import type { ResourceSet } from "../../back/xds/resource-set.ts";
import type { AdsCodec, Decoded } from "./codec.ts";
import type { AdsStream } from "./server.ts";
import { AdsSession, type DeltaResponse, type Named } from "./session.ts";

/** What a proxy says of an offer. */
export type Verdict =
  | { readonly kind: "taken" }
  /** `words` are its own. */
  | { readonly kind: "refused"; readonly words: string }
  /** It has said nothing, or not enough, in the time given: it may have these or not. */
  | { readonly kind: "silent"; readonly open: readonly Named[] };

/** Different words in the log for one stream. */
const MOST_TOLD = 8;
/** Characters of what a client made up. */
const MOST_SHOWN = 120;

export class AdsClient {
  readonly #codec: AdsCodec;
  readonly #onProblem: (line: string) => void;
  /** Types that nobody serves, as far as they were told. */
  readonly #isTold = new Set<string>();
  #stream: AdsStream | undefined;
  #session = new AdsSession();
  #offered: ResourceSet | undefined;
  /** Of whoever waits for a verdict. */
  #listener: { onNews(refusal?: string): void; onFailure(error: unknown): void } | undefined;

  /** `onProblem` is told, in a line, of what the client does wrong. */
  constructor(codec: AdsCodec, onProblem: (line: string) => void = () => {}) {
    this.#codec = codec;
    this.#onProblem = onProblem;
  }

  /** The newest stream is the one that counts. `first`: what was read of it already. */
  attach(stream: AdsStream, first?: Decoded): void {
    this.#stream?.end();
    this.#stream = stream;
    this.#isTold.clear();
    this.#forget();
    stream.onMessage((bytes) => {
      if (this.#stream === stream) {
        this.#receive(bytes);
      }
    });
    stream.onEnd(() => {
      if (this.#stream === stream) {
        this.#stream = undefined;
        this.#forget();
      }
    });
    if (first !== undefined) {
      this.#answer(first);
    }
  }

  /** Whether a stream is open. */
  get isConnected(): boolean {
    return this.#stream !== undefined;
  }

  /** Ends the stream, if there is one. */
  close(): void {
    this.#stream?.end();
  }

  /**
   * Offers resources, and waits until the proxy has them all and nothing else, refuses some, or was given time enough. Rejects
   * when `signal` says that nobody waits any longer, or when resources cannot be encoded. One at a time.
   */
  async offer(set: ResourceSet, timeoutMs: number, signal?: AbortSignal): Promise<Verdict> {
    signal?.throwIfAborted();
    const end = new AbortController();
    try {
      return await new Promise<Verdict>((resolve, reject) => {
        this.#listener = {
          onNews: (refusal) => {
            if (refusal !== undefined) {
              resolve({ kind: "refused", words: refusal });
            } else if (this.#session.open.length === 0) {
              resolve({ kind: "taken" });
            }
          },
          onFailure: reject,
        };
        const timer = setTimeout(() => resolve({ kind: "silent", open: this.#session.open }), timeoutMs);
        end.signal.addEventListener("abort", () => clearTimeout(timer));
        signal?.addEventListener("abort", () => reject(signal.reason), { signal: end.signal });
        this.#offered = set;
        this.#send(this.#session.offer(set));
        this.#listener.onNews();
      });
    } finally {
      this.#listener = undefined;
      end.abort();
    }
  }

  /** Nothing of what the proxy has is known until it says so on a new stream. */
  #forget(): void {
    this.#session = new AdsSession();
    if (this.#offered !== undefined) {
      this.#session.offer(this.#offered);
    }
  }

  #receive(bytes: Uint8Array): void {
    let message: Decoded;
    try {
      message = this.#codec.decode(bytes);
    } catch (error) {
      const stream = this.#stream;
      this.#onProblem(`${stream?.peer.address} sent what is not a request: ${(error as Error).message}`);
      stream?.end("INVALID_ARGUMENT", "not a DeltaDiscoveryRequest");
      return;
    }
    this.#answer(message);
  }

  #answer({ request, typeUrl }: Decoded): void {
    if (request === undefined) {
      this.#tellUnknown(typeUrl);
      return;
    }
    try {
      const { responses, refusal } = this.#session.receive(request);
      this.#send(responses);
      this.#listener?.onNews(refusal);
    } catch (error) {
      // Half an answer would be taken for a whole one: the proxy begins anew.
      this.#stream?.end();
      this.#listener?.onFailure(error);
    }
  }

  /** Once for each type of a stream. */
  #tellUnknown(typeUrl: string): void {
    if (this.#isTold.size < MOST_TOLD && !this.#isTold.has(typeUrl)) {
      this.#isTold.add(typeUrl);
      const type = JSON.stringify(typeUrl.slice(0, MOST_SHOWN));
      this.#onProblem(`${this.#stream?.peer.address} asks for ${type}, which this server has nothing of`);
    }
  }

  #send(responses: readonly DeltaResponse[]): void {
    for (const bytes of responses.map((response) => this.#codec.encode(response))) {
      this.#stream?.send(bytes);
    }
  }
}
