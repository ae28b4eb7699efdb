/**
 * What keeps a fleet's state when its server ends, and ties servers of one fleet together: a folder with the state, a lock on it by which
 * one of them decides on roll-outs, and what each knows of its own proxies. The fleet is told what holds, and tells when something has
 * changed; when that is written is decided here.
 */

import { randomBytes } from "node:crypto";
import os from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { PeerReport } from "./peer-proxies.ts";
import type { RolloutsState } from "./rollouts.ts";
import type { Leadership } from "./store/leadership.ts";
import { FileLease } from "./store/lease.ts";
import { type PeerExchange, Peers } from "./store/peers.ts";
import type { FleetState } from "./store/state.ts";
import type { OnNotice } from "./store/state-directory.ts";
import { StateStore } from "./store/state-store.ts";

/** As it is kept. */
export type KeptFleet = FleetState & { readonly rollout?: RolloutsState };

/** A fleet, as its keeper sees it. */
export interface Kept {
  /** This server decides from now on, and goes on from that state. */
  onLead(state: KeptFleet | undefined): void;
  /** Another one decides, and has written this. */
  onFollow(state: KeptFleet | undefined): void;
  /** What other servers know of their proxies, by the ids of the servers. */
  onPeers(reports: ReadonlyMap<string, PeerReport>): void;
  /** What is to be written now; `undefined` before there is anything. */
  state(): KeptFleet | undefined;
  /** What other servers shall know. */
  peerReport(): PeerReport;
}

export interface KeeperOptions {
  readonly directory: string;
  readonly onNotice: OnNotice;
  /** Servers that share no folder: who decides, and how they tell each other. Default: a lock and files in the folder. */
  readonly apart?: (
    store: StateStore,
    serverId: string,
  ) => {
    readonly leadership: Leadership;
    readonly peers: PeerExchange<PeerReport>;
  };
}

/** Changes in quick succession are written together. */
const GATHER_MS = 100;
const KEEP_MS = 1_000;
const LOOK_AT_PEERS_MS = 500;

export class Keeper {
  readonly #store: StateStore;
  readonly #leadership: Leadership;
  readonly #peers: PeerExchange<PeerReport>;
  readonly #onNotice: OnNotice;
  #fleet: Kept | undefined;
  #isLeading = false;
  #changing: Promise<void> = Promise.resolve();
  #saving: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
  #hasPeers = false;
  /** Whether other servers have not been told yet. */
  #isNews = true;
  #isClosed = false;

  private constructor(store: StateStore, { onNotice, apart }: KeeperOptions) {
    this.#store = store;
    this.#onNotice = onNotice;
    const host = os.hostname().replace(/[^A-Za-z0-9_.-]/g, "-");
    const id = `${host}-${randomBytes(4).toString("hex")}`;
    const { leadership, peers } = apart?.(store, id) ?? {
      leadership: new FileLease(store.directory, onNotice),
      peers: new Peers<PeerReport>(store.directory, id, onNotice),
    };
    this.#leadership = leadership;
    this.#peers = peers;
  }

  /** Throws an `EnvironmentError` where the folder cannot be had. */
  static async open(options: KeeperOptions): Promise<Keeper> {
    return new Keeper(await StateStore.open(options), options);
  }

  /** Whether this server decides. */
  get isLeading(): boolean {
    return this.#isLeading && this.#leadership.term !== undefined;
  }

  /** Resolves when the fleet knows what holds, and whether it is to decide. */
  async start(fleet: Kept): Promise<void> {
    this.#fleet = fleet;
    await this.#leadership.start((term) => {
      this.#changing = this.#changing
        .then(() => this.#turn(term))
        .catch((error) => this.#onNotice(`the state in ${this.#store.directory}: ${error.message}`));
    });
    await this.#changing;
    if (!this.#isLeading) {
      fleet.onFollow(this.#store.state as KeptFleet | undefined);
    }
    this.#store.watch((state) => {
      if (!this.isLeading) {
        fleet.onFollow(state as KeptFleet);
      }
    });
    this.#lookAtPeers();
  }

  /** What holds is something else than before: it is written soon, if this server decides. */
  changed(): void {
    this.#isNews = true;
    if (!this.#isClosed) {
      this.#saving ??= setTimeout(() => {
        this.#saving = undefined;
        this.#save();
      }, GATHER_MS);
    }
  }

  /**
   * Writes what holds, before somebody acts on it: a server that goes on from an older state would meet proxies that have what
   * it has never heard of. Resolves when it is on the disk; a disk that is full or slow does not stand in the way for longer.
   */
  async keep(): Promise<void> {
    clearTimeout(this.#saving);
    this.#saving = undefined;
    this.#save();
    await Promise.race([this.#store.saved(), sleep(KEEP_MS, undefined, { ref: false })]);
  }

  /** Writes what there is to write, and lets another server decide. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#looking);
    await this.#changing;
    if (this.#saving !== undefined) {
      clearTimeout(this.#saving);
      this.#save();
    }
    await this.#store.close();
    await this.#peers.close();
    await this.#leadership.close();
  }

  #save(): void {
    const state = this.isLeading ? this.#fleet?.state() : undefined;
    if (state !== undefined) {
      this.#store.save(state);
    }
  }

  async #turn(term: number | undefined): Promise<void> {
    this.#isLeading = false;
    if (term === undefined) {
      this.#store.follow();
      this.#onNotice("another server decides on roll-outs from now on");
      this.#fleet?.onFollow(undefined);
      return;
    }
    const state = await this.#store.lead(term);
    if (this.#leadership.term === term) {
      this.#isLeading = true;
      this.#fleet?.onLead(state as KeptFleet | undefined);
    }
  }

  #lookAtPeers(): void {
    this.#looking = setTimeout(async () => {
      try {
        const others = await this.#peers.others();
        const isFirst = others.size > 0 && !this.#hasPeers;
        if (others.size > 0 || this.#hasPeers) {
          this.#fleet?.onPeers(others);
        }
        this.#hasPeers = others.size > 0;
        // Without others it is enough that they can see that there is a server.
        if (isFirst || this.#isNews) {
          this.#isNews = false;
          this.#peers.publish(this.#hasPeers ? this.#fleet!.peerReport() : { proxies: [] });
        }
      } catch (error) {
        this.#onNotice(`the state in ${this.#store.directory}: ${(error as Error).message}`);
      }
      if (!this.#isClosed) {
        this.#lookAtPeers();
      }
    }, LOOK_AT_PEERS_MS);
    this.#looking.unref();
  }
}
