/**
 * What has happened lately, for whoever listens: each event has a number, and who was away for a moment is told what it missed.
 */

export interface FeedEvent {
  /** Counts from 1, from the start of the server. */
  readonly id: number;
  /** What it is called. */
  readonly kind: string;
  /** JSON. */
  readonly data: string;
}

/** Events that are kept for those who come back. */
const KEPT = 1000;

export class EventFeed {
  readonly #events: FeedEvent[] = [];
  readonly #listeners = new Set<(event: FeedEvent) => void>();
  #id = 0;

  tell(kind: string, data: object): void {
    const event = { id: ++this.#id, kind, data: JSON.stringify({ kind, ...data }) };
    this.#events.push(event);
    if (this.#events.length > KEPT) {
      this.#events.shift();
    }
    for (const listener of this.#listeners) {
      listener(event);
    }
  }

  /** Calls `listener` with what came after `after`, as far as it is kept, and with everything from now on. Gives the way to end that. */
  listen(listener: (event: FeedEvent) => void, after?: number): () => void {
    if (after !== undefined) {
      for (const event of this.#events.filter(({ id }) => id > after)) {
        listener(event);
      }
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
