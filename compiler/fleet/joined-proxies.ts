/** The proxies that have joined a fleet at this server, and what other servers are told of them. */

import type { ProxyOptions } from "../options.ts";
import type { AdsCodec, Decoded } from "../run/ads/codec.ts";
import type { AdsStream } from "../run/ads/server.ts";
import { Turns } from "../run/ads/turns.ts";
import type { ProxyNode } from "./model/node.ts";
import type { Scope } from "./model/scope.ts";
import type { PeerRecord } from "./peer-proxies.ts";
import { type Outcome, ProxyLine } from "./proxies/proxy-line.ts";
import type { Revision } from "./revisions/revision.ts";
import type { Member, Responses } from "./rollout/state.ts";

export interface JoinedProxiesOptions {
  readonly codec: AdsCodec;
  /** See `ProxyLineOptions`. */
  readonly onOutcome: (line: ProxyLine, revision: string, outcome: Outcome, ms: number) => void;
  /** Its stream is gone. */
  readonly onLost: (line: ProxyLine) => void;
  /** It is not remembered any more. */
  readonly onForgotten: (line: ProxyLine) => void;
}

/** Who joins, by what it says of itself. */
export interface Joining {
  readonly node: ProxyNode;
  readonly claimed: ProxyOptions;
  readonly scope: Scope;
  /** Told, in a line, of what it does wrong. */
  readonly onProblem: (line: string) => void;
}

/** A proxy that is away for longer is a new one when it comes. */
const FORGOTTEN_MS = 600_000;
const NO_RECORD: PeerRecord = { responses: { requests: 0, serverErrors: 0 } };

export class JoinedProxies {
  readonly #options: JoinedProxiesOptions;
  readonly #turns = new Turns();
  readonly #lines = new Map<string, ProxyLine>();
  readonly #records = new Map<string, PeerRecord>();

  constructor(options: JoinedProxiesOptions) {
    this.#options = options;
  }

  /** Also those whose streams are gone, for a while. */
  get all(): readonly ProxyLine[] {
    return [...this.#lines.values()];
  }

  get connected(): readonly ProxyLine[] {
    return this.all.filter((line) => line.isConnected);
  }

  find(id: string): ProxyLine | undefined {
    return this.#lines.get(id);
  }

  /** What was made known of a proxy. */
  recordOf(id: string): PeerRecord {
    return this.#records.get(id) ?? NO_RECORD;
  }

  /** `first` is the first message of its stream, which was read already. */
  join({ node, claimed, scope, onProblem }: Joining, stream: AdsStream, first: Decoded): ProxyLine {
    let line = this.#lines.get(node.id);
    if (line === undefined) {
      line = new ProxyLine({
        node,
        claimed,
        scope,
        codec: this.#options.codec,
        turns: this.#turns,
        onOutcome: (...args) => this.#onOutcome(...args),
        onState: (one) => this.#onState(one),
      });
      this.#lines.set(node.id, line);
    }
    line.node = node;
    line.claimed = claimed;
    line.scope = scope;
    line.attach(stream, first, onProblem);
    return line;
  }

  /** What a proxy answered its clients since it told the last time. */
  answered(id: string, counts: Responses): void {
    const { responses, ...record } = this.recordOf(id);
    this.#records.set(id, {
      ...record,
      responses: {
        requests: responses.requests + counts.requests,
        serverErrors: responses.serverErrors + counts.serverErrors,
      },
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((line) => line.close()));
  }

  #onOutcome(line: ProxyLine, revision: string, outcome: Outcome, ms: number): void {
    const record = this.recordOf(line.id);
    const count = (record.last?.count ?? 0) + 1;
    this.#records.set(line.id, { ...record, last: { count, revision, outcome } });
    this.#options.onOutcome(line, revision, outcome, ms);
  }

  #onState(line: ProxyLine): void {
    if (line.state === "lost") {
      setTimeout(() => this.#forget(line), FORGOTTEN_MS).unref();
      this.#options.onLost(line);
    }
  }

  /** Names of proxies come and go, as those of Pods do. */
  #forget(line: ProxyLine): void {
    const lostMs = Date.now() - line.since.getTime();
    if (line.state === "lost" && lostMs > FORGOTTEN_MS / 2 && this.#lines.get(line.id) === line) {
      this.#lines.delete(line.id);
      this.#records.delete(line.id);
      this.#options.onForgotten(line);
      void line.close();
    }
  }
}

/** A proxy, as a roll-out of that revision counts it; before there is one, nothing tells proxies apart. */
export function memberIn(revision: Revision | undefined, { id, claimed }: ProxyLine): Member {
  return revision === undefined
    ? { id, scope: "*", labels: {} }
    : { id, scope: revision.scopeOf(claimed).group, labels: claimed.proxyLabels };
}
