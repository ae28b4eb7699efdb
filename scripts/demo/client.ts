/** Sends the demo's requests: many of one kind, some at once, and what came back by kind. */

import { type Answer, type MeshClient, meshClient } from "../../envoy/bookinfo/services/index.ts";

export interface Ask {
  readonly host: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Clients by port; connections are kept. */
export class Clients {
  readonly #byPort = new Map<number, MeshClient>();
  readonly #authorities: ReadonlyMap<number, string>;

  /** `authorities`: port that speaks HTTPS → whom its clients believe, in PEM. */
  constructor(authorities: ReadonlyMap<number, string> = new Map()) {
    this.#authorities = authorities;
  }

  /** Sends `count` requests, at most `atOnce` of them at a time, and gives all answers. */
  async send(port: number, ask: Ask, count: number, atOnce: number): Promise<Answer[]> {
    let client = this.#byPort.get(port);
    if (client === undefined) {
      client = meshClient(port, undefined, this.#authorities.get(port));
      this.#byPort.set(port, client);
    }
    const answers: Answer[] = [];
    let left = count;
    const worker = async () => {
      while (left > 0) {
        left -= 1;
        answers.push(await client.get(ask.host, ask.path, ask.headers));
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
    return answers;
  }

  close(): void {
    for (const client of this.#byPort.values()) {
      client.close();
    }
  }
}

/** Who answered: `reviews-v1`, or nothing when it was the proxy itself. */
export function servedBy(answer: Answer): string | undefined {
  const value = answer.headers["x-served-by"];
  return typeof value === "string" ? value : undefined;
}
