/** A tap as a sequence of values, for whoever sends them on: through the door of a session, to a browser. */

import type { TappedRequest } from "../tapped-request.ts";
import type { Tap, TapEnd, TapProgress, TapQuestion } from "./tap.ts";

export type TapLine =
  /** `place`: where its rule is written. */
  | { readonly kind: "request"; readonly request: TappedRequest; readonly place?: string }
  /** At the beginning, and each second. */
  | { readonly kind: "progress"; readonly progress: TapProgress }
  /** The last one. */
  | { readonly kind: "end"; readonly why: TapEnd; readonly progress: TapProgress };

/** For whoever reads slowly: what comes beyond is dropped, and counted. */
const MOST_WAITING = 1_000;
const PROGRESS_EVERY_MS = 1_000;

/** Resolves when requests are sampled; they are until the sequence is left or `signal` aborts. Throws what `open` does. */
export async function tapLines(
  tap: Pick<Tap, "open">,
  question: TapQuestion,
  signal: AbortSignal,
): Promise<AsyncGenerator<TapLine>> {
  const waiting: TapLine[] = [];
  let missed = 0;
  let ended: TapEnd | undefined;
  let wake = () => {};
  const open = await tap.open(question, {
    onRequest({ tapped, place }) {
      if (waiting.length < MOST_WAITING) {
        waiting.push({ kind: "request", request: tapped, ...(place !== undefined && { place }) });
      } else {
        missed++;
      }
      wake();
    },
    onEnd(why) {
      ended = why;
      wake();
    },
  });
  signal.addEventListener("abort", () => wake(), { once: true });
  const progress = (): TapProgress => ({ ...open.progress, dropped: open.progress.dropped + missed });
  return (async function* lines() {
    try {
      let due = 0;
      while (!signal.aborted) {
        if (Date.now() >= due) {
          due = Date.now() + PROGRESS_EVERY_MS;
          yield { kind: "progress" as const, progress: progress() };
        }
        yield* waiting.splice(0);
        if (ended !== undefined) {
          yield { kind: "end" as const, why: ended, progress: progress() };
          return;
        }
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.max(0, due - Date.now()));
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          if (waiting.length > 0 || ended !== undefined || signal.aborted) {
            wake();
          }
        });
      }
    } finally {
      await open.close();
    }
  })();
}
