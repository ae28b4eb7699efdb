/**
 * Samples for all who look at a page: one tap that each of them sees and may change. It ends by itself after some minutes, and
 * with the last who looks.
 */

import { HttpError } from "../http/http-error.ts";
import type { OpenTap, Tap } from "../observe/tap/tap.ts";
import { TapError } from "../observe/tap/tap-error.ts";
import type { TappedRequest } from "../observe/tapped-request.ts";
import type { TapQuestion, TapState } from "./api.ts";

export interface PageTapListener {
  onTapped(tapped: TappedRequest): void;
  onState(state: TapState): void;
}

const OFF: TapState = { percent: 0, dropped: 0 };
/** Milliseconds between two looks at how it goes. */
const LOOK_EVERY_MS = 1000;

export class PageTap {
  readonly #tap: Pick<Tap, "open"> | undefined;
  readonly #listener: PageTapListener;
  #open: OpenTap | undefined;
  #state = OFF;
  #timer: NodeJS.Timeout | undefined;
  /** One question after another: the last one holds. */
  #turn: Promise<unknown> = Promise.resolve();

  /** Without a tap every question is refused. */
  constructor(tap: Pick<Tap, "open"> | undefined, listener: PageTapListener) {
    this.#tap = tap;
    this.#listener = listener;
  }

  get state(): TapState {
    return this.#state;
  }

  /** Throws an `HttpError` for what cannot be sampled. */
  ask(question: TapQuestion): Promise<TapState> {
    const answer = this.#turn.then(() => this.#change(question));
    this.#turn = answer.catch(() => {});
    return answer;
  }

  async #change({ percent, rule, status }: TapQuestion): Promise<TapState> {
    if (this.#tap === undefined) {
      throw new HttpError(409, "this run was started with --no-tap, so its requests cannot be sampled");
    }
    await this.#end();
    if (percent > 0) {
      let opened: OpenTap | undefined;
      try {
        opened = await this.#tap.open(
          { percent, ...(rule !== undefined && { rule }), ...(status !== undefined && { status }) },
          {
            onRequest: ({ tapped }) => this.#listener.onTapped(tapped),
            onEnd: () => {
              if (this.#open === opened) {
                void this.#end();
              }
            },
          },
        );
      } catch (error) {
        throw error instanceof TapError ? new HttpError(409, error.message) : error;
      }
      this.#open = opened;
      this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
      this.#look();
    }
    return this.#state;
  }

  async #end(): Promise<void> {
    clearInterval(this.#timer);
    const open = this.#open;
    this.#open = undefined;
    this.#look();
    await open?.close();
  }

  #look(): void {
    const { percent, until, dropped } = this.#open?.progress ?? OFF;
    const state = { percent, dropped, ...(until !== undefined && { until }) };
    if (
      state.percent !== this.#state.percent ||
      dropped !== this.#state.dropped ||
      until !== this.#state.until
    ) {
      this.#state = state;
      this.#listener.onState(state);
    }
  }
}
