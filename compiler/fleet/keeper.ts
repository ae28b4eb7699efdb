/**
 * What keeps a fleet's state when its server ends, and says who decides where several servers serve one fleet: a folder, a lock on
 * it, and nothing else of the fleet.
 */

import type { RolloutsState } from "./rollouts.ts";
import type { Leadership } from "./store/leadership.ts";
import { FileLease } from "./store/lease.ts";
import type { FleetState } from "./store/state.ts";
import type { OnNotice } from "./store/state-directory.ts";
import { StateStore } from "./store/state-store.ts";

/** As it is kept. */
export type KeptFleet = FleetState & { readonly rollout?: RolloutsState };

export class Keeper {
  readonly #store: StateStore;
  readonly #leadership: Leadership;
  #isLeading = false;

  private constructor(store: StateStore, leadership: Leadership) {
    this.#store = store;
    this.#leadership = leadership;
  }

  /** Throws an `EnvironmentError` where the folder cannot be had. */
  static async open(directory: string, onNotice: OnNotice): Promise<Keeper> {
    const store = await StateStore.open({ directory, onNotice });
    return new Keeper(store, new FileLease(store.directory, onNotice));
  }

  /** What was read last. */
  get state(): KeptFleet | undefined {
    return this.#store.state as KeptFleet | undefined;
  }

  /** Whether this server decides. */
  get isLeading(): boolean {
    return this.#isLeading && this.#leadership.term !== undefined;
  }

  /**
   * `onLead`: this server decides from now on, and goes on from that state. `onFollow`: another one does, and has written this. Resolves
   * when it is known for the first time, or nobody else was found to decide.
   */
  async start(
    onLead: (state: KeptFleet | undefined) => void,
    onFollow: (state: KeptFleet) => void,
  ): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, PATIENCE_MS);
      this.#leadership.start((term) => {
        this.#isLeading = false;
        if (term === undefined) {
          this.#store.follow();
          return;
        }
        void this.#store.lead(term).then((state) => {
          if (this.#leadership.term === term) {
            this.#isLeading = true;
            onLead(state as KeptFleet | undefined);
          }
          clearTimeout(timer);
          resolve();
        });
      });
    });
    this.#store.watch((state) => {
      if (!this.isLeading) {
        onFollow(state as KeptFleet);
      }
    });
  }

  save(state: KeptFleet): void {
    if (this.isLeading) {
      this.#store.save(state);
    }
  }

  async close(): Promise<void> {
    await this.#store.close();
    await this.#leadership.close();
  }
}

/** A lock that is free is had at once. */
const PATIENCE_MS = 1_000;
