/**
 * Servers of one fleet that share no folder. The one that decides sends its state to the others, as it writes it; each of them
 * tells that one what it knows of its own proxies, and is told what the rest know. Who decides is no matter of this room.
 */

import type { AdsStream } from "../../run/ads/server.ts";
import { RetryPause } from "../../run/retry-pause.ts";
import type { PeerExchange } from "../store/peers.ts";
import { GONE_AFTER_MS } from "../store/pulse.ts";
import type { OnNotice } from "../store/state-directory.ts";
import type { StateStore } from "../store/state-store.ts";
import { JournalCopy } from "./journal-copy.ts";
import { sendJournal } from "./journal-sender.ts";
import { decodeMessage, encodeMessage, type ReplicaMessage } from "./messages.ts";

/** A stream to the server that decides. */
export interface LeaderStream {
  send(bytes: Uint8Array): void;
  end(): void;
}

export interface LeaderHandlers {
  onMessage(bytes: Uint8Array): void;
  /** It is over, for whatever reason. */
  onEnd(why: string): void;
}

/** Opens a stream to a server of the fleet, `address:port`. */
export type OpenLeader = (address: string, handlers: LeaderHandlers) => Promise<LeaderStream>;

export interface ReplicasOptions {
  /** Of this server, and of no other one. */
  readonly id: string;
  readonly store: StateStore;
  readonly onNotice: OnNotice;
}

/** Method of gRPC, on the server that proxies are served by. */
export const REPLICA_METHOD = "/sluice.fleet.v1.Replicas/Follow";

/** What was told is told again at most so often. */
const TELL_EVERY_MS = 200;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
/** Nobody needs more servers. */
const MOST_FOLLOWERS = 16;

interface Heard<Report> {
  readonly report: Report;
  /** When the stream that told it ended; absent while it is there. */
  ended?: number;
}

/** Servers of one version tell each other reports that they understand; nothing of them is read here. */
export class Replicas<Report extends object> implements PeerExchange<Report> {
  readonly #options: ReplicasOptions;
  readonly #copy: JournalCopy;
  readonly #pause = new RetryPause(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  /** Streams of others, while this server decides. */
  readonly #followers = new Map<AdsStream, AbortController>();
  #heard = new Map<string, Heard<Report>>();
  #own: Report | undefined;
  #open: OpenLeader | undefined;
  /** Where the server is that decides; absent: it is this one, or none is known. */
  #leader: string | undefined;
  #stream: LeaderStream | undefined;
  #connecting: NodeJS.Timeout | undefined;
  #telling: NodeJS.Timeout | undefined;
  #isClosed = false;
  #notice: string | undefined;

  constructor(options: ReplicasOptions) {
    this.#options = options;
    this.#copy = new JournalCopy(options.store.directory);
  }

  /** By which others are reached, from now on. */
  reachBy(open: OpenLeader): void {
    this.#open = open;
    this.#connect();
  }

  /** Another server decides, at that address; `undefined`: this one does, or nobody knows. */
  follow(address: string | undefined): void {
    if (address === this.#leader) {
      return;
    }
    this.#leader = address;
    this.#pause.reset();
    this.#leave();
    if (address !== undefined) {
      for (const stream of this.#followers.keys()) {
        stream.end("UNAVAILABLE", "another server decides");
      }
    }
    this.#connect();
  }

  /** Another server of the fleet has opened a stream to this one; that it is one was proved. */
  serve(stream: AdsStream): void {
    if (this.#leader !== undefined || this.#isClosed) {
      stream.end("UNAVAILABLE", "another server decides");
      return;
    }
    if (this.#followers.size >= MOST_FOLLOWERS) {
      stream.end("RESOURCE_EXHAUSTED", `${MOST_FOLLOWERS} servers follow already`);
      return;
    }
    const ended = new AbortController();
    this.#followers.set(stream, ended);
    const told = new Set<string>();
    let release = () => {};
    stream.onEnd(() => {
      this.#followers.delete(stream);
      ended.abort();
      release();
      this.#endOf(told);
    });
    stream.onMessage((bytes) => {
      const message = read(bytes);
      if (message?.kind !== "reports") {
        stream.end("INVALID_ARGUMENT", "a server that follows sends reports");
        return;
      }
      for (const [id, report] of message.reports) {
        told.add(id);
        this.#heard.set(id, { report: report as Report });
      }
      this.#tellSoon();
    });
    const send = (bytes: Uint8Array) =>
      new Promise<void>((resolve) => {
        release = resolve;
        stream.send(bytes, resolve);
      });
    void sendJournal({ store: this.#options.store, send, signal: ended.signal });
    this.#tellSoon();
  }

  publish(report: Report): void {
    this.#own = report;
    this.#tellSoon();
  }

  async others(): Promise<ReadonlyMap<string, Report>> {
    const now = performance.now();
    for (const [id, { ended }] of this.#heard) {
      if (ended !== undefined && now - ended > GONE_AFTER_MS) {
        this.#heard.delete(id);
      }
    }
    return new Map([...this.#heard].map(([id, { report }]) => [id, report]));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#telling);
    this.#leave();
    for (const stream of this.#followers.keys()) {
      stream.end("UNAVAILABLE", "this server ends");
    }
    await this.#copy.end();
  }

  #connect(): void {
    clearTimeout(this.#connecting);
    const [address, open] = [this.#leader, this.#open];
    if (address !== undefined && open !== undefined && !this.#isClosed) {
      void this.#listenTo(address, open);
    }
  }

  async #listenTo(address: string, open: OpenLeader): Promise<void> {
    let isOver = false;
    const over = (why: string) => {
      if (isOver || this.#leader !== address || this.#isClosed) {
        return;
      }
      isOver = true;
      this.#stream = undefined;
      this.#endOf(this.#heard.keys());
      this.#say(
        `the server that decides, ${address}, cannot be followed: ${why}; what it decided last stays`,
      );
      this.#connecting = setTimeout(() => this.#connect(), this.#pause.next());
      this.#connecting.unref();
    };
    try {
      const stream = await open(address, {
        onMessage: (bytes) => {
          if (!isOver && this.#leader === address) {
            void this.#hear(bytes).catch((error: Error) => {
              stream.end();
              over(error.message);
            });
          }
        },
        onEnd: over,
      });
      if (this.#leader !== address || this.#isClosed) {
        stream.end();
        return;
      }
      if (!isOver) {
        this.#stream = stream;
        this.#tellSoon();
      }
    } catch (error) {
      over((error as Error).message);
    }
  }

  async #hear(bytes: Uint8Array): Promise<void> {
    const message = decodeMessage(bytes);
    switch (message.kind) {
      case "journal":
        this.#pause.reset();
        this.#notice = undefined;
        await this.#copy.begin(message.term, message.bytes);
        break;
      case "bytes":
        await this.#copy.add(message.bytes);
        break;
      case "reports":
        this.#heard = new Map(
          message.reports
            .filter(([id]) => id !== this.#options.id)
            .map(([id, report]) => [id, { report: report as Report }]),
        );
        break;
    }
  }

  /** The server that was followed is another one, or none: what is whole of its state stays. */
  #leave(): void {
    clearTimeout(this.#connecting);
    this.#stream?.end();
    this.#stream = undefined;
    this.#endOf(this.#heard.keys());
    void this.#copy.end();
  }

  /** Its proxies find another server soon; until then they are not lost. */
  #endOf(ids: Iterable<string>): void {
    const now = performance.now();
    for (const id of ids) {
      const heard = this.#heard.get(id);
      if (heard !== undefined) {
        heard.ended ??= now;
      }
    }
  }

  #tellSoon(): void {
    if (this.#isClosed || this.#telling !== undefined) {
      return;
    }
    this.#telling = setTimeout(() => {
      this.#telling = undefined;
      this.#tell();
    }, TELL_EVERY_MS);
    this.#telling.unref();
  }

  #tell(): void {
    const own: readonly (readonly [string, object])[] =
      this.#own === undefined ? [] : [[this.#options.id, this.#own]];
    this.#stream?.send(encodeMessage({ kind: "reports", reports: own }));
    if (this.#followers.size > 0) {
      const reports = [...own, ...[...this.#heard].map(([id, { report }]) => [id, report] as const)];
      const message = encodeMessage({ kind: "reports", reports });
      for (const stream of this.#followers.keys()) {
        stream.send(message);
      }
    }
  }

  #say(line: string): void {
    if (line !== this.#notice) {
      this.#notice = line;
      this.#options.onNotice(line);
    }
  }
}

function read(bytes: Uint8Array): ReplicaMessage | undefined {
  try {
    return decodeMessage(bytes);
  } catch {
    return undefined;
  }
}
