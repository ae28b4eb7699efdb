/** Asks a running session through its door: what `sluice top` and `sluice tap` are written on. */

import http, { type IncomingMessage } from "node:http";
import { EnvironmentError } from "../../platform/error.ts";
import { readStreamAtMost } from "../../source/bounded.ts";
import type { LiveUpdate } from "../live.ts";
import type { RunAbout, ServedRules } from "./about.ts";

export interface DoorCall {
  /** Default: GET. */
  readonly method?: "GET" | "POST";
  /** JSON. */
  readonly body?: unknown;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** Milliseconds until the first byte of an answer. */
const PATIENCE_MS = 10_000;
/** Bytes of an answer that is one value. */
const LARGEST_ANSWER = 64 << 20;

/** Every method throws an `EnvironmentError` when the session cannot be asked, or does not answer what was asked. */
export class DoorClient {
  readonly socket: string;

  constructor(socket: string) {
    this.socket = socket;
  }

  about(call: Pick<DoorCall, "signal"> = {}): Promise<RunAbout> {
    return this.get("/v1/about", call);
  }

  /** The rules that serve. */
  rules(call: Pick<DoorCall, "signal"> = {}): Promise<ServedRules> {
    return this.get("/v1/rules", call);
  }

  /** What the rules do, until the session ends or `signal` aborts. */
  live(call: Pick<DoorCall, "signal"> = {}): AsyncGenerator<LiveUpdate> {
    return this.lines("/v1/live", call);
  }

  /** The one value that a path answers with. */
  async get<T>(path: string, call: DoorCall = {}): Promise<T> {
    const response = await this.#ask(path, call);
    return JSON.parse(Buffer.from(await readStreamAtMost(response, LARGEST_ANSWER)).toString());
  }

  /** The values that a path goes on answering with, until the session ends or `signal` aborts. */
  async *lines<T>(path: string, call: DoorCall = {}): AsyncGenerator<T> {
    const response = await this.#ask(path, call);
    let rest = "";
    try {
      for await (const text of response.setEncoding("utf8")) {
        const lines = (rest + text).split("\n");
        rest = lines.pop()!;
        for (const line of lines) {
          yield JSON.parse(line) as T;
        }
        if (rest.length > LARGEST_ANSWER) {
          throw new EnvironmentError(`${this.socket} sends a line without an end`);
        }
      }
    } catch (error) {
      // The run has ended, or the caller has enough: what came before was whole.
      if (!response.destroyed || error instanceof EnvironmentError || error instanceof SyntaxError) {
        throw error;
      }
    } finally {
      response.destroy();
    }
  }

  async #ask(path: string, call: DoorCall): Promise<IncomingMessage> {
    const response = await this.#exchange(path, call);
    if (response.statusCode !== 200) {
      const text = Buffer.from(await readStreamAtMost(response, LARGEST_ANSWER)).toString();
      throw new EnvironmentError(messageIn(text) ?? `${this.socket} answered ${response.statusCode}`);
    }
    return response;
  }

  #exchange(path: string, { method = "GET", body, signal }: DoorCall): Promise<IncomingMessage> {
    const content = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const fail = (error: Error) =>
        reject(
          new EnvironmentError(`cannot ask the run at ${this.socket}: ${error.message}`, [], {
            cause: error,
          }),
        );
      const request = http.request(
        {
          socketPath: this.socket,
          path,
          method,
          agent: false,
          ...(signal !== undefined && { signal }),
          ...(content !== undefined && {
            headers: { "content-type": "application/json", "content-length": Buffer.byteLength(content) },
          }),
        },
        (response) => {
          clearTimeout(patience);
          resolve(response);
        },
      );
      const patience = setTimeout(
        () => request.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)),
        PATIENCE_MS,
      );
      request.on("error", (error) => {
        clearTimeout(patience);
        fail(error);
      });
      request.end(content);
    });
  }
}

function messageIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { readonly error?: { readonly message?: string } }).error?.message;
  } catch {
    return undefined;
  }
}
