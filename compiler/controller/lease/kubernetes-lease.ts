/**
 * Who of several servers decides on roll-outs, in a cluster: whoever holds a Lease. The holder renews it every two seconds, and
 * stops deciding when it could not for ten; another server may take it when it has stood still for fifteen, by its own clock: the
 * clocks of two machines need not agree.
 */

import type { Leadership } from "../../fleet/store/leadership.ts";
import type { OnNotice } from "../../fleet/store/state-directory.ts";
import { API_STATUS, ApiError } from "../../kubernetes/client/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client/kubernetes-client.ts";
import { pathOf, RESOURCE_TYPES } from "../../kubernetes/client/resource-types.ts";
import {
  DURATION_SECONDS,
  holderOf,
  type LeaseHolder,
  type LeaseObject,
  released,
  renewed,
  taken,
} from "./lease-object.ts";

export interface KubernetesLeaseOptions {
  readonly client: Pick<KubernetesClient, "request">;
  readonly namespace: string;
  readonly name: string;
  /** Of this server, and of no other that ever was: the name of its Pod with something that is new at each start. */
  readonly identity: string;
  /** Where other servers reach this one while it decides, `address:port`. */
  readonly address?: string;
  /** The newest term of which this server has a state: a new one is higher, also where somebody has deleted the Lease. */
  readonly newestTerm: () => Promise<number>;
  /** Told who decides, whenever it is another one. */
  readonly onHolder?: (holder: LeaseHolder | undefined) => void;
  readonly onNotice: OnNotice;
}

/** In milliseconds, as are those below. */
const WORK_EVERY_MS = 2_000;
/** Gives up before anybody else can take it. */
const SURE_MS = 10_000;
const REQUEST_MS = 5_000;

interface Held {
  readonly term: number;
  /** When the API server took the last renewal or later; by a clock that only goes forward. */
  renewed: number;
}

export class KubernetesLease implements Leadership {
  readonly #options: KubernetesLeaseOptions;
  /** Paths of the API: of the Leases of the namespace, and of this one. */
  readonly #all: string;
  readonly #own: string;
  #held: Held | undefined;
  /** As the API server gave it last, and since when it is the same. */
  #seen: { readonly version: string; readonly since: number } | undefined;
  #holder: LeaseHolder | undefined;
  #onChange: (term: number | undefined) => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();
  #isClosed = false;
  #notice: string | undefined;

  constructor(options: KubernetesLeaseOptions) {
    this.#options = options;
    const { namespace, name } = options;
    this.#all = pathOf(RESOURCE_TYPES.Lease, { namespace });
    this.#own = pathOf(RESOURCE_TYPES.Lease, { namespace, name });
  }

  get term(): number | undefined {
    const held = this.#held;
    return held !== undefined && performance.now() - held.renewed < SURE_MS ? held.term : undefined;
  }

  /** As far as this server knows. */
  get holder(): LeaseHolder | undefined {
    return this.#holder;
  }

  start(onChange: (term: number | undefined) => void): Promise<void> {
    this.#onChange = onChange;
    this.#working = this.#work();
    return this.#working;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#working;
    if (this.#held === undefined) {
      return;
    }
    this.#held = undefined;
    try {
      const lease = await this.#read();
      if (lease !== undefined && holderOf(lease)?.identity === this.#options.identity) {
        await this.#write("PUT", released(lease, new Date()));
      }
    } catch {
      // Others take it when its time is over.
    }
  }

  async #work(): Promise<void> {
    const before = this.#held?.term;
    try {
      await this.#look();
      this.#notice = undefined;
    } catch (error) {
      this.#say(error as Error);
    }
    if (this.#held !== undefined && this.term === undefined) {
      this.#held = undefined;
    }
    if (this.#held?.term !== before && !this.#isClosed) {
      this.#onChange(this.#held?.term);
    }
    if (!this.#isClosed) {
      this.#timer = setTimeout(() => {
        this.#working = this.#work();
      }, WORK_EVERY_MS);
    }
  }

  async #look(): Promise<void> {
    const { identity } = this.#options;
    const asked = performance.now();
    const lease = await this.#read();
    const holder = lease && holderOf(lease);
    if (this.#held !== undefined) {
      if (holder?.identity === identity && holder.term === this.#held.term) {
        await this.#renew(lease!, asked);
      } else {
        this.#held = undefined;
        this.#tell(holder);
      }
      return;
    }
    if (lease === undefined || holder === undefined || this.#hasStoodStill(lease, asked)) {
      await this.#take(lease, asked);
    } else {
      this.#tell(holder);
    }
  }

  async #renew(lease: LeaseObject, asked: number): Promise<void> {
    if (await this.#write("PUT", renewed(lease, new Date()))) {
      this.#held!.renewed = asked;
    }
    // Refused: somebody has written it meanwhile, and who that was the next look tells.
  }

  async #take(lease: LeaseObject | undefined, asked: number): Promise<void> {
    const { identity, address, name, namespace, newestTerm } = this.#options;
    const term = Math.max(lease?.spec?.leaseTransitions ?? 0, await newestTerm()) + 1;
    const holder = { identity, term, ...(address !== undefined && { address }) };
    const object = taken(lease, name, namespace, holder, new Date());
    if (await this.#write(lease === undefined ? "POST" : "PUT", object)) {
      this.#held = { term, renewed: asked };
      this.#tell(holder);
    }
  }

  /** Whether its holder has said nothing for as long as it lasts. */
  #hasStoodStill(lease: LeaseObject, now: number): boolean {
    const version = lease.metadata.resourceVersion;
    if (this.#seen?.version !== version) {
      this.#seen = { version, since: now };
      return false;
    }
    return now - this.#seen.since > (lease.spec?.leaseDurationSeconds ?? DURATION_SECONDS) * 1_000;
  }

  async #read(): Promise<LeaseObject | undefined> {
    try {
      return await this.#options.client.request<LeaseObject>({
        path: this.#own,
        timeoutMs: REQUEST_MS,
      });
    } catch (error) {
      if (error instanceof ApiError && error.status === API_STATUS.notFound) {
        return undefined;
      }
      throw error;
    }
  }

  /** False when somebody else was faster. */
  async #write(method: "POST" | "PUT", body: object): Promise<boolean> {
    const path = method === "POST" ? this.#all : this.#own;
    try {
      await this.#options.client.request({ method, path, body, timeoutMs: REQUEST_MS });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === API_STATUS.conflict) {
        return false;
      }
      throw error;
    }
  }

  #tell(holder: LeaseHolder | undefined): void {
    if (JSON.stringify(holder) !== JSON.stringify(this.#holder)) {
      this.#holder = holder;
      this.#options.onHolder?.(holder);
    }
  }

  #say(error: Error): void {
    const { namespace, name } = this.#options;
    const rule =
      error instanceof ApiError && error.status === API_STATUS.forbidden
        ? `; let its account get, create and update leases of coordination.k8s.io in namespace ${namespace}`
        : "";
    const line = `the Lease ${namespace}/${name}: ${error.message}${rule}`;
    if (line !== this.#notice) {
      this.#notice = line;
      this.#options.onNotice(line);
    }
  }
}
