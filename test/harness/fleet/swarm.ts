/** Simulated Envoys in processes of their own (`clients.ts`), spread over these. */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { packageRoot } from "../../../compiler/platform/package-root.ts";
import type { Counted, Order, Reported } from "./clients.ts";

/** More clients than these make one process the bottleneck of what is measured. */
const CLIENTS_EACH = 500;

export class Swarm {
  readonly #children: ChildProcess[] = [];

  /** `ids` are of the node of each. */
  open(address: string, ids: readonly string[]): void {
    for (let i = 0; i < ids.length; i += CLIENTS_EACH) {
      const child = fork(path.join(packageRoot().directory, "dist", "fleet-clients.js"));
      this.#children.push(child);
      say(child, { kind: "open", address, ids: ids.slice(i, i + CLIENTS_EACH) });
    }
  }

  /** What all of them were sent since this was last asked; `everybody`: when each was sent something. */
  async count({ everybody = false } = {}): Promise<Counted> {
    const all = await Promise.all(
      this.#children.map(async (child) => {
        const answer = once(child, "message");
        say(child, { kind: "count", everybody });
        return (await answer)[0] as Counted;
      }),
    );
    const sum = (key: "messages" | "bytes" | "lost") => all.reduce((total, one) => total + one[key], 0);
    return {
      messages: sum("messages"),
      bytes: sum("bytes"),
      lost: sum("lost"),
      times: all.flatMap(({ times }) => times),
    };
  }

  /** Every client reports once. Gives the bytes of all reports, when the server has taken them. */
  async report(names: readonly string[], value: number): Promise<number> {
    const all = await Promise.all(
      this.#children.map(async (child) => {
        const answer = once(child, "message");
        say(child, { kind: "report", names, value });
        return ((await answer)[0] as Reported).bytes;
      }),
    );
    return all.reduce((sum, bytes) => sum + bytes, 0);
  }

  reconnect(): void {
    for (const child of this.#children) {
      say(child, { kind: "reconnect" });
    }
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#children.splice(0).map(async (child) => {
        const ended = once(child, "exit");
        say(child, { kind: "end" });
        await ended;
      }),
    );
  }
}

function say(child: ChildProcess, order: Order): void {
  child.send(order);
}
