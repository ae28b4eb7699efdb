/**
 * The preview of what a session holds back: made once for all who look, and again for each newer change. While the session
 * serves, a few requests a second are sampled for it.
 */

import { loadFilter } from "../../answers/wasm-host/filter-vm.ts";
import type { Compilation } from "../../compile.ts";
import { filterModulePath } from "../../platform/package-root.ts";
import type { Session } from "../../run/session.ts";
import type { SessionEvent } from "../../run/session-event.ts";
import { LONGEST_TAP_MS, type OpenTap, type Tap, type TapQuestion } from "../tap/tap.ts";
import { type ChangePreview, previewOf } from "./preview.ts";

export interface HeldPreviewOptions {
  /** Of the same session; absent where nothing is sampled. */
  readonly tap?: Pick<Tap, "open" | "recent" | "headers"> | undefined;
  /** Told of what goes wrong, which is a mistake of ours. */
  readonly onProblem: (error: unknown) => void;
}

/** Samples that are enough: the last thousand are then of the last minute. */
const COLLECTED: TapQuestion = { mostPerSecond: 20, forMs: LONGEST_TAP_MS };

export class HeldPreview {
  readonly #session: Pick<Session, "serving" | "held">;
  readonly #options: HeldPreviewOptions;
  readonly #listeners = new Set<(preview: ChangePreview | undefined) => void>();
  readonly #stop: () => void;
  #working = new AbortController();
  #latest: ChangePreview | undefined;
  #module: WebAssembly.Module | undefined;
  #collecting: OpenTap | undefined;

  constructor(session: Pick<Session, "serving" | "held" | "listen">, options: HeldPreviewOptions) {
    this.#session = session;
    this.#options = options;
    this.#stop = session.listen((event) => this.#on(event));
  }

  /** Of what is held now, once it is made. */
  get latest(): ChangePreview | undefined {
    return this.#latest;
  }

  /** Calls `listener` with each that is made, and with `undefined` when it is of no change any more. Gives the way to end that. */
  listen(listener: (preview: ChangePreview | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#stop();
    void this.#collecting?.close();
    this.#working.abort();
    this.#listeners.clear();
  }

  #on(event: SessionEvent): void {
    switch (event.kind) {
      case "serving":
        this.#collect().catch(this.#options.onProblem);
        break;
      case "held":
        this.#tell(undefined);
        void this.#make(event.compilation);
        break;
      case "refused":
      case "unchanged":
      case "reloaded":
      case "restartNeeded":
      case "stopped":
        // Files that are renewed are a reload, too, and what is held stays.
        if (event.kind === "stopped" || this.#session.held === undefined) {
          this.#working.abort();
          this.#tell(undefined);
        }
        break;
    }
  }

  async #collect(): Promise<void> {
    this.#collecting = await this.#options.tap?.open(COLLECTED, {
      onRequest() {},
      onEnd: (why) => {
        if (why === "time") {
          this.#collect().catch(this.#options.onProblem);
        }
      },
    });
  }

  async #make(after: Compilation): Promise<void> {
    this.#working.abort();
    this.#working = new AbortController();
    const { signal } = this.#working;
    const before = this.#session.serving?.compilation;
    if (before === undefined) {
      return;
    }
    const { tap, onProblem } = this.#options;
    try {
      this.#module ??= loadFilter(filterModulePath());
      const preview = await previewOf(before, after, {
        module: this.#module,
        samples: tap?.recent() ?? [],
        sampledHeaders: tap?.headers ?? [],
        signal,
      });
      this.#tell(preview);
    } catch (error) {
      if (!signal.aborted) {
        onProblem(error);
      }
    }
  }

  #tell(preview: ChangePreview | undefined): void {
    if (this.#latest === undefined && preview === undefined) {
      return;
    }
    this.#latest = preview;
    for (const listener of this.#listeners) {
      listener(preview);
    }
  }
}
