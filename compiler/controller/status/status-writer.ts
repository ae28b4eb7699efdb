/**
 * Writes conditions of objects by server-side apply of their status, one object after the other and not too often. Only the newest of
 * what is wanted for an object is written, and nothing where the object says it already.
 *
 * Istio's CRDs make `conditions` one value as far as apply is concerned (no `x-kubernetes-list-type`), so what others have said is
 * read before and written along, under the version that was read: whoever was faster is read again.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { OnNotice } from "../../fleet/store/state-directory.ts";
import { API_STATUS, ApiError } from "../../kubernetes/client/api-error.ts";
import type { KubernetesClient } from "../../kubernetes/client/kubernetes-client.ts";
import type { KubernetesObject } from "../../kubernetes/client/kubernetes-object.ts";
import { apiVersionOf, pathOf, type ResourceType } from "../../kubernetes/client/resource-types.ts";
import { RetryPause } from "../../run/retry-pause.ts";
import { type Condition, type Statement, withStatements } from "./condition.ts";
import { WriteBudget } from "./write-budget.ts";

/** What a statement is about. */
export interface StatusTarget {
  readonly type: ResourceType;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** What was read of it; a newer one is not said to be what the older was. */
  readonly generation?: number;
}

export interface StatusWriterOptions {
  readonly client: Pick<KubernetesClient, "request">;
  readonly onNotice: OnNotice;
  /** Requests. Default: 10 a second, 20 at once. */
  readonly budget?: WriteBudget;
}

/** Of server-side apply. */
export const FIELD_MANAGER = "sluice";

const PER_SECOND = 10;
const AT_ONCE = 20;
/** Until a right that is missing is looked for again. */
const FORBIDDEN_MS = 60_000;
/** Somebody else writes all the time: the next change tries again. */
const MOST_CONFLICTS = 5;

interface Wanted {
  readonly target: StatusTarget;
  readonly statements: readonly Statement[];
}

interface WithStatus extends KubernetesObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

export class StatusWriter {
  readonly #client: Pick<KubernetesClient, "request">;
  readonly #onNotice: OnNotice;
  readonly #budget: WriteBudget;
  readonly #pause = new RetryPause();
  readonly #closing = new AbortController();
  /** By uid, in the order in which they were wanted. */
  readonly #wanted = new Map<string, Wanted>();
  #working: Promise<void> | undefined;
  /** Kinds whose status may not be written, with what waits until that is tried again. */
  readonly #forbidden = new Map<string, Map<string, Wanted>>();
  /** After which that is tried. */
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Those of which somebody was told. */
  readonly #told = new Set<string>();
  #notice: string | undefined;

  constructor({ client, onNotice, budget = new WriteBudget(PER_SECOND, AT_ONCE) }: StatusWriterOptions) {
    this.#client = client;
    this.#onNotice = onNotice;
    this.#budget = budget;
  }

  /** Is written soon, in place of what is wanted for the same object and not written yet. */
  want(target: StatusTarget, statements: readonly Statement[]): void {
    if (this.#closing.signal.aborted) {
      return;
    }
    const waiting = this.#forbidden.get(target.type.plural);
    (waiting ?? this.#wanted).set(target.uid, { target, statements });
    this.#begin();
  }

  /** Nothing of what waits is written any more: another server does. */
  forget(): void {
    this.#wanted.clear();
    for (const waiting of this.#forbidden.values()) {
      waiting.clear();
    }
  }

  /** Resolves when all that is wanted is written. */
  async settled(): Promise<void> {
    await this.#working;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const timer of this.#timers) {
      clearTimeout(timer);
    }
    this.#wanted.clear();
    await this.#working;
  }

  #begin(): void {
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  /** Each of thousands of objects would be refused: one of them tries it again after a while. */
  #setAside(plural: string): void {
    const waiting = new Map([...this.#wanted].filter(([, { target }]) => target.type.plural === plural));
    for (const uid of waiting.keys()) {
      this.#wanted.delete(uid);
    }
    this.#forbidden.set(plural, waiting);
    const again = setTimeout(() => {
      this.#timers.delete(again);
      this.#forbidden.delete(plural);
      for (const [uid, wanted] of waiting) {
        this.#wanted.set(uid, wanted);
      }
      this.#begin();
    }, FORBIDDEN_MS);
    again.unref();
    this.#timers.add(again);
  }

  async #work(): Promise<void> {
    const { signal } = this.#closing;
    for (let next = this.#next(); next !== undefined && !signal.aborted; next = this.#next()) {
      try {
        await this.#write(next);
        this.#pause.reset();
        this.#notice = undefined;
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        this.#say(next.target, error as Error);
        if (error instanceof ApiError && error.status === API_STATUS.forbidden) {
          this.#wanted.set(next.target.uid, this.#wanted.get(next.target.uid) ?? next);
          this.#setAside(next.target.type.plural);
        } else if (!isForGood(error)) {
          // Unless something newer is wanted meanwhile.
          if (!this.#wanted.has(next.target.uid)) {
            this.#wanted.set(next.target.uid, next);
          }
          const { retryAfterMs = this.#pause.next() } = error as Partial<ApiError>;
          await sleep(retryAfterMs, undefined, { signal }).catch(() => {});
        }
      }
    }
  }

  #next(): Wanted | undefined {
    const [first] = this.#wanted;
    if (first === undefined) {
      return undefined;
    }
    this.#wanted.delete(first[0]);
    return first[1];
  }

  async #write({ target, statements }: Wanted): Promise<void> {
    const { signal } = this.#closing;
    const { type, namespace, name, uid, generation } = target;
    const path = pathOf(type, { namespace, name });
    for (let conflicts = 0; conflicts < MOST_CONFLICTS; conflicts++) {
      await sleep(this.#budget.take(performance.now()), undefined, { signal });
      const object = await this.#client.request<WithStatus>({ path, signal });
      if (object.metadata.uid !== uid || object.metadata.generation !== generation) {
        // It is another one meanwhile, which will be read, and spoken of.
        return;
      }
      const conditions = withStatements(object.status?.conditions ?? [], statements, generation, new Date());
      if (conditions === undefined) {
        return;
      }
      try {
        await this.#client.request({
          method: "PATCH",
          path: `${path}/status`,
          query: { fieldManager: FIELD_MANAGER, force: "true" },
          contentType: "application/apply-patch+yaml",
          body: {
            apiVersion: apiVersionOf(type),
            kind: type.kind,
            metadata: { namespace, name, resourceVersion: object.metadata.resourceVersion },
            status: { conditions },
          },
          signal,
        });
        return;
      } catch (error) {
        if (!(error instanceof ApiError && error.status === API_STATUS.conflict)) {
          throw error;
        }
      }
    }
  }

  #say({ type, namespace, name }: StatusTarget, error: Error): void {
    if (error instanceof ApiError && error.status === API_STATUS.notFound) {
      return;
    }
    if (error instanceof ApiError && error.status === API_STATUS.forbidden) {
      if (!this.#told.has(type.plural)) {
        this.#told.add(type.plural);
        this.#onNotice(
          `the status of ${type.plural} cannot be written: ${error.message}; let the server's account get ${type.plural} and patch ${type.plural}/status of ${type.group}`,
        );
      }
    } else if (error.message !== this.#notice) {
      this.#notice = error.message;
      this.#onNotice(`the status of ${type.kind} ${namespace}/${name} cannot be written: ${error.message}`);
    }
  }
}

/** Whether trying again would come to the same. */
function isForGood(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
}
