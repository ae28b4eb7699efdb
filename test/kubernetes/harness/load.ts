/** Requests without a pause, on connections that are kept: what each was answered, and when it was asked. */

import { Connection } from "../../harness/client.ts";

export interface Asked {
  readonly host: string;
  /** Milliseconds of the machine's clock. */
  readonly sentAt: number;
  /** Absent when there was no answer. */
  readonly status?: number;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Of the answer, or why there was none. */
  readonly body: string;
}

export interface LoadOptions {
  readonly port: number;
  /** One connection for each. */
  readonly hosts: readonly string[];
  readonly pauseMs: number;
  onAnswer(asked: Asked): void;
}

export class Load {
  asked = 0;
  readonly #options: LoadOptions;
  readonly #clients: Promise<void>[];
  #isOver = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#clients = options.hosts.map((host) => this.#run(host));
  }

  /** Resolves when every request has its answer. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }

  async #run(host: string): Promise<void> {
    const { port, pauseMs, onAnswer } = this.#options;
    let connection: Connection | undefined;
    while (!this.#isOver) {
      const sentAt = Date.now();
      try {
        connection ??= await Connection.open(port);
        const { status, headers, body } = await connection.request({ host, path: "/" });
        onAnswer({ host, sentAt, status, headers, body });
      } catch (error) {
        onAnswer({ host, sentAt, headers: {}, body: (error as Error).message });
        connection?.close();
        connection = undefined;
      }
      this.asked += 1;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    connection?.close();
  }
}
