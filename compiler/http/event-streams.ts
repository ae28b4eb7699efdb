/**
 * Server-sent events to many clients: how many there may be, and what one that does not read can cost. What is told is for whoever
 * opens a stream.
 */

import type { ServerResponse } from "node:http";
import { HEADERS, type Headers } from "./answer.ts";
import { KEEP_ALIVE_MS } from "./bounded-server.ts";
import { HttpError } from "./http-error.ts";

/** Of those that listen to events; each costs what happens. */
const MOST_STREAMS = 64;
/** Bytes that may wait for a client that does not read. */
const MOST_WAITING = 1 << 20;

export interface StreamedEvent {
  readonly kind: string;
  /** JSON. */
  readonly data: string;
  /** What a client that comes back says it had last. */
  readonly id?: string | number;
}

export interface EventStream {
  /** Does nothing once it has ended. A client that has left too much unread is cut off. */
  tell(event: StreamedEvent): void;
  /** After what was told. */
  end(): void;
}

export class EventStreams {
  readonly #most: number;
  #open = 0;

  constructor(most = MOST_STREAMS) {
    this.#most = most;
  }

  /** `onEnd` is called once, whoever ended it. Throws an `HttpError` where there are too many. */
  open(response: ServerResponse, onEnd: () => void, headers: Headers = {}): EventStream {
    if (this.#open >= this.#most) {
      throw new HttpError(503, `${this.#most} clients listen already`, { "retry-after": "5" });
    }
    this.#open++;
    response.writeHead(200, { ...HEADERS, ...headers, "content-type": "text/event-stream" });
    response.flushHeaders();
    const write = (text: string) => {
      if (response.writableEnded || response.destroyed) {
        return;
      }
      response.write(text);
      if (response.writableLength > MOST_WAITING) {
        response.destroy();
      }
    };
    // A comment now and then, so that whoever is between does not take the silence for an end.
    const alive = setInterval(() => write(":\n\n"), KEEP_ALIVE_MS);
    response.once("close", () => {
      this.#open--;
      clearInterval(alive);
      onEnd();
    });
    return {
      tell: ({ id, kind, data }) =>
        write(`${id === undefined ? "" : `id: ${id}\n`}event: ${kind}\ndata: ${data}\n\n`),
      end: () => response.end(),
    };
  }
}
