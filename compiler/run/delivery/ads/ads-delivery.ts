/**
 * Delivers to an Envoy by a stream: each step is an offer, and taken when Envoy has acknowledged all of it. Nothing is asked of
 * Envoy's admin interface.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { newerFieldsIn } from "../../../back/xds/newer-fields.ts";
import type { AdsClient } from "../../ads/client.ts";
import type { Named } from "../../ads/session.ts";
import type { Answer, Delivery } from "../delivery.ts";
import type { Step } from "../steps.ts";

/** Longer than a name that no DNS server knows takes, and than a busy machine. */
const STEP_TIMEOUT_MS = 15_000;
/** Envoy's log comes by another way than its answer. */
const LOG_MS = 50;
const SHOWN = 5;

export interface AdsDeliveryOptions {
  readonly client: Pick<AdsClient, "offer">;
  /** Envoy's log, growing while it runs: the filter says there why it refuses a program. */
  readonly log?: () => readonly string[];
  /** How long Envoy may take for one step. */
  readonly stepTimeoutMs?: number;
  /** Of Envoy, such as `1.40.0`; undefined as long as it is not known. */
  readonly envoyVersion: () => string | undefined;
}

export class AdsDelivery implements Delivery {
  readonly #client: Pick<AdsClient, "offer">;
  readonly #log: () => readonly string[];
  readonly #stepTimeoutMs: number;
  readonly #envoyVersion: () => string | undefined;

  constructor({ client, log = () => [], stepTimeoutMs = STEP_TIMEOUT_MS, envoyVersion }: AdsDeliveryOptions) {
    this.#client = client;
    this.#log = log;
    this.#stepTimeoutMs = stepTimeoutMs;
    this.#envoyVersion = envoyVersion;
  }

  async take({ to }: Step, signal?: AbortSignal): Promise<Answer> {
    const version = this.#envoyVersion();
    const newer = version === undefined ? [] : newerFieldsIn(to, version);
    if (newer.length > 0) {
      return { kind: "rejected", words: newer.slice(0, SHOWN) };
    }
    const last = this.#log().at(-1);
    const verdict = await this.#client.offer(to, this.#stepTimeoutMs, signal);
    switch (verdict.kind) {
      case "taken":
        return { kind: "accepted" };
      case "refused":
        await sleep(LOG_MS);
        return { kind: "rejected", words: [verdict.words, ...this.#filterSaid(last)] };
      case "silent":
        return { kind: "silent", words: [this.#silence(verdict.open)] };
    }
  }

  /** Envoy itself says no more than that the filter refuses. */
  #filterSaid(last: string | undefined): string[] {
    const log = this.#log();
    const from = last === undefined ? 0 : log.lastIndexOf(last) + 1;
    return log.slice(from).filter((line) => /\]\[(error|critical)\]\[wasm\]/.test(line));
  }

  #silence(open: readonly Named[]): string {
    const names = open.slice(0, SHOWN).map(({ type, name }) => `${type} ${name}`);
    const rest = open.length > SHOWN ? ` and ${open.length - SHOWN} more` : "";
    return `Envoy has not acknowledged ${names.join(", ")}${rest} within ${this.#stepTimeoutMs / 1000} s`;
  }
}
