/**
 * A proxy as its server knows it: what it shall have, and what it says of that, over whichever stream it has open. When a stream
 * is lost the proxy opens another one, says what it has, and goes on from there.
 */

import type { ResourceSet } from "../../back/xds/resource-set.ts";
import type { AdsCodec } from "./codec.ts";
import type { AdsStream } from "./server.ts";
import { AdsSession, type DeltaResponse, type Named } from "./session.ts";

/** What a proxy says of an offer. */
export type Verdict =
  | { readonly kind: "taken" }
  /** `words` are its own. */
  | { readonly kind: "refused"; readonly words: string }
  /** It has said nothing, or not enough, in the time given: it may have these or not. */
  | { readonly kind: "silent"; readonly open: readonly Named[] };

export class AdsClient {
  readonly #codec: AdsCodec;
  #stream: AdsStream | undefined;
  #session = new AdsSession();
  #offered: ResourceSet | undefined;
  /** Of whoever waits for a verdict. */
  #listener: { onNews(refusal?: string): void; onFailure(error: unknown): void } | undefined;

  constructor(codec: AdsCodec) {
    this.#codec = codec;
  }

  /** The newest stream is the one that counts. */
  attach(stream: AdsStream): void {
    this.#stream?.end();
    this.#stream = stream;
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
    try {
      const request = this.#codec.decode(bytes);
      if (request !== undefined) {
        const { responses, refusal } = this.#session.receive(request);
        this.#send(responses);
        this.#listener?.onNews(refusal);
      }
    } catch (error) {
      // Half an answer would be taken for a whole one: the proxy begins anew.
      this.#stream?.end();
      this.#listener?.onFailure(error);
    }
  }

  #send(responses: readonly DeltaResponse[]): void {
    for (const bytes of responses.map((response) => this.#codec.encode(response))) {
      this.#stream?.send(bytes);
    }
  }
}
