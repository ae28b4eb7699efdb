/** Sends what a server commits to its journal to another one, and goes on with what it commits later. */

import type { StateStore } from "../store/state-store.ts";
import { encodeMessage } from "./messages.ts";

/** Bytes of one message. */
const PIECE = 256 << 10;

export interface JournalSenderOptions {
  readonly store: Pick<StateStore, "committed" | "readCommitted" | "onCommit">;
  /** Resolves when the connection has taken it. */
  readonly send: (bytes: Uint8Array) => Promise<void>;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Resolves when it is ended. */
export async function sendJournal({ store, send, signal }: JournalSenderOptions): Promise<void> {
  let wake = () => {};
  const stop = store.onCommit(() => wake());
  signal.addEventListener("abort", () => wake(), { once: true });
  let file: number | undefined;
  let sent = 0;
  try {
    while (!signal.aborted) {
      const committed = store.committed;
      if (committed !== undefined && committed.file !== file) {
        file = committed.file;
        sent = 0;
        await send(encodeMessage({ kind: "journal", term: committed.term, bytes: committed.bytes }));
      } else if (committed !== undefined && sent < committed.bytes) {
        const bytes = store.readCommitted(committed.file, sent, Math.min(PIECE, committed.bytes - sent));
        if (bytes !== undefined) {
          await send(encodeMessage({ kind: "bytes", bytes }));
          sent += bytes.length;
        }
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
          // It may have happened just before.
          if (signal.aborted || store.committed?.file !== file || (store.committed?.bytes ?? 0) > sent) {
            resolve();
          }
        });
      }
    }
  } finally {
    stop();
  }
}
