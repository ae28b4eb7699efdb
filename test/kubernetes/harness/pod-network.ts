/**
 * Addresses for pods: the API server refuses EndpointSlices with addresses of 127/8, so a network of 198.18.0.0/15, which is for
 * benchmarks and nothing else (RFC 2544), belongs to this machine for as long as a test runs.
 */

import { randomInt } from "node:crypto";
import { runCommand } from "../../../compiler/run/envoy/command.ts";

const ATTEMPTS = 20;

export class PodNetwork {
  readonly #prefix: string;

  private constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** A network that no other test has. */
  static async open(): Promise<PodNetwork> {
    let words = "";
    for (let i = 0; i < ATTEMPTS; i++) {
      const network = new PodNetwork(`198.${randomInt(18, 20)}.${randomInt(1, 255)}.`);
      const { code, stderr } = await network.#route("add");
      if (code === 0) {
        return network;
      }
      words = stderr;
    }
    throw new Error(`no network for pods could be added: ${words}`);
  }

  /** `i`: from 1 to 254. */
  address(i: number): string {
    return `${this.#prefix}${i}`;
  }

  async close(): Promise<void> {
    await this.#route("del");
  }

  #route(verb: "add" | "del") {
    return runCommand("ip", ["route", verb, "local", `${this.#prefix}0/24`, "dev", "lo"]);
  }
}
