/**
 * List and watch of one kind, as a state machine without time or wire: it says what to do next and is told how that went. What
 * it holds is what the API server has said, in the server's order; a property test holds it against a model of the server.
 *
 * A list is dear for an API server, so it is asked for at the start, and after that only where the server itself says that a watch
 * cannot go on (410), or breaks off again and again at the same place. A connection that is cut, a server that
 * restarts or is busy: the watch goes on from the last version that was seen.
 */

import { AnswerTooLargeError } from "../client/answer-too-large.ts";
import { ApiError } from "../client/api-error.ts";
import { type KubernetesObject, keyOf } from "../client/kubernetes-object.ts";
import type { ResourceType } from "../client/resource-types.ts";
import { Backoff } from "./backoff.ts";
import { forbiddenLine, missingLine, troubleLine } from "./problem-lines.ts";

/** What is to be done next. */
export type Step =
  | { readonly do: "list"; readonly limit: number; readonly continueFrom?: string }
  | { readonly do: "watch"; readonly resourceVersion: string }
  | { readonly do: "wait"; readonly ms: number };

/** A page of a list. */
export interface Page {
  readonly items: readonly KubernetesObject[];
  readonly resourceVersion: string;
  /** There is more. */
  readonly continueFrom?: string;
}

/** What a watch says; an `ERROR` is told as a failure. */
export type WatchEvent =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: KubernetesObject }
  /** Nothing has changed up to this version. */
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string };

/** What is known of a kind: nothing yet; its objects; that the server does not have it, or does not show it. */
export type Knowledge = "nothing" | "objects" | "missing" | "forbidden";

/** What keeps objects from being read: what an administrator has to mend, or what may come right by itself. */
export type Obstacle = "missing" | "forbidden" | "failing";

export interface ListWatchOptions {
  readonly type: ResourceType;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Something is wrong that somebody should see; not said again until it has come right. */
  readonly onProblem: (line: string, what: Obstacle) => void;
  readonly onRecovery: () => void;
}

/** Objects of a page: few enough for an answer, many enough for few questions. */
const PAGE = 500;
const LARGEST_PAGE = 8_000;
/** Servers that send all watchers away at once get their lists spread over this time. */
const SPREAD_MS = 1_000;
/** A watch that ends sooner than this, and has said nothing, counts as one that failed. */
const SHORT_MS = 1_000;
/** Failures in a row after which an answer is believed that takes objects away, or that a watch cannot go on from here. */
const BELIEVED_AFTER = 3;

export class ListWatch {
  readonly #options: ListWatchOptions;
  readonly #backoff: Backoff;
  #objects = new Map<string, KubernetesObject>();
  #knowledge: Knowledge = "nothing";
  /** Of the list that is being read. */
  #pages = new Map<string, KubernetesObject>();
  #continueFrom: string | undefined;
  #limit = PAGE;
  /** Where a watch goes on; undefined: a list is needed. */
  #resourceVersion: string | undefined;
  #waitMs = 0;
  /** In a row. */
  #failures = 0;
  #said: string | undefined;

  constructor(options: ListWatchOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.random);
  }

  get knowledge(): Knowledge {
    return this.#knowledge;
  }

  /** By key; those of the last whole list, and what changed after it. */
  get objects(): ReadonlyMap<string, KubernetesObject> {
    return this.#objects;
  }

  /** What is wrong now, as it was said. */
  get problem(): string | undefined {
    return this.#said;
  }

  next(): Step {
    if (this.#waitMs > 0) {
      const ms = this.#waitMs;
      this.#waitMs = 0;
      return { do: "wait", ms };
    }
    if (this.#resourceVersion !== undefined) {
      return { do: "watch", resourceVersion: this.#resourceVersion };
    }
    return {
      do: "list",
      limit: this.#limit,
      ...(this.#continueFrom !== undefined && { continueFrom: this.#continueFrom }),
    };
  }

  /** A page has come. Returns the keys of what has changed, once the list is whole. */
  listed({ items, resourceVersion, continueFrom }: Page): string[] {
    for (const object of items) {
      this.#pages.set(keyOf(object), object);
    }
    this.#continueFrom = continueFrom;
    if (continueFrom !== undefined) {
      return [];
    }
    const before = this.#objects;
    this.#objects = this.#pages;
    this.#pages = new Map();
    this.#limit = PAGE;
    this.#resourceVersion = resourceVersion;
    this.#knowledge = "objects";
    this.#recovered();
    return changedBetween(before, this.#objects);
  }

  /** The watch has begun. It may still break off at once, so what counts failures goes on. */
  opened(): void {
    this.#rightAgain();
  }

  /** The watch has said something. Returns the key of what has changed. */
  happened(event: WatchEvent): string | undefined {
    this.#recovered();
    if (event.type === "BOOKMARK") {
      this.#resourceVersion = event.resourceVersion;
      return undefined;
    }
    const { object } = event;
    this.#resourceVersion = object.metadata.resourceVersion;
    const key = keyOf(object);
    if (event.type === "DELETED") {
      return this.#objects.delete(key) ? key : undefined;
    }
    const known = this.#objects.get(key);
    this.#objects.set(key, object);
    return known?.metadata.resourceVersion === object.metadata.resourceVersion ? undefined : key;
  }

  /** The server has ended the watch, as it does now and then. */
  ended(livedMs: number): void {
    if (livedMs >= SHORT_MS) {
      this.#recovered();
    } else {
      this.#waitMs = this.#backoff.next();
    }
  }

  /** The step has failed, or the watch has said `ERROR`. Returns the keys of what is gone by that. */
  failed(error: Error): string[] {
    this.#failures += 1;
    const wasListing = this.#resourceVersion === undefined;
    if (isExpired(error)) {
      this.#expired(wasListing);
      return [];
    }
    const status = error instanceof ApiError ? error.status : 0;
    this.#waitMs = this.#backoff.next((error as Partial<ApiError>).retryAfterMs);
    if (wasListing && error instanceof AnswerTooLargeError && this.#limit > 1) {
      this.#limit = Math.ceil(this.#limit / 8);
      this.#waitMs = 0;
      return [];
    }
    if (status === 404 || status === 403) {
      return this.#absent(status === 404 ? "missing" : "forbidden", error);
    }
    // A list is not begun again because a page did not come; a watch is, where it breaks off at the same place each time.
    if (!wasListing && isStuck(error) && this.#failures >= BELIEVED_AFTER) {
      this.#relist();
    }
    // A watch that is cut once goes on a moment later, and nobody has missed anything.
    if (this.#knowledge === "nothing" || this.#failures > 1 || status === 401) {
      this.#say(troubleLine(this.#options.type, error), "failing");
    }
    return [];
  }

  #expired(wasListing: boolean): void {
    if (wasListing) {
      // Fewer pages, so that the next try is sooner through.
      this.#limit = Math.min(this.#limit * 2, LARGEST_PAGE);
    }
    this.#relist();
    this.#waitMs = this.#failures > 1 ? this.#backoff.next() : Math.floor(this.#options.random() * SPREAD_MS);
  }

  #relist(): void {
    this.#resourceVersion = undefined;
    this.#continueFrom = undefined;
    this.#pages = new Map();
  }

  /**
   * A server that starts may say for a moment that it does not have what it has, or that nobody may see it; so what is known
   * stays until the same was said several times, and its watch goes on where it was. A right that was taken away takes nothing
   * that was seen.
   */
  #absent(what: "missing" | "forbidden", error: Error): string[] {
    this.#backoff.prolong();
    if (this.#knowledge === "objects" && this.#failures < BELIEVED_AFTER) {
      return [];
    }
    this.#relist();
    const { type } = this.#options;
    if (what === "forbidden") {
      this.#say(forbiddenLine(type, error), what);
      if (this.#knowledge !== "objects") {
        this.#knowledge = what;
      }
      return [];
    }
    this.#say(missingLine(type), what);
    this.#knowledge = what;
    const gone = [...this.#objects.keys()];
    this.#objects = new Map();
    return gone;
  }

  #recovered(): void {
    this.#failures = 0;
    this.#backoff.reset();
    this.#rightAgain();
  }

  #rightAgain(): void {
    if (this.#said !== undefined) {
      this.#said = undefined;
      this.#options.onRecovery();
    }
  }

  #say(line: string, what: Obstacle): void {
    if (this.#said !== line) {
      this.#said = line;
      this.#options.onProblem(line, what);
    }
  }
}

/** 410: the server no longer has what happened since the version that was named, or the rest of a list. */
function isExpired(error: Error): boolean {
  return (
    error instanceof ApiError &&
    (error.status === 410 || error.reason === "Expired" || error.reason === "Gone")
  );
}

/** Whether the same watch would fail in the same way again: all but what is busy, away or cut. */
function isStuck(error: Error): boolean {
  if (!(error instanceof ApiError)) {
    return error.name === "LineTooLongError" || error.name === "ForeignEventError";
  }
  return error.status < 500
    ? error.status !== 429 && error.status !== 401
    : isFuture(error) || error.status === 500;
}

/** The version that was named is later than any that the server has: its etcd was restored from a backup. */
function isFuture(error: ApiError): boolean {
  const causes = (error.details as { readonly causes?: unknown } | undefined)?.causes;
  return Array.isArray(causes) && causes.some((one) => one?.reason === "ResourceVersionTooLarge");
}

function changedBetween(
  before: ReadonlyMap<string, KubernetesObject>,
  after: ReadonlyMap<string, KubernetesObject>,
): string[] {
  const changed: string[] = [];
  for (const [key, object] of after) {
    if (before.get(key)?.metadata.resourceVersion !== object.metadata.resourceVersion) {
      changed.push(key);
    }
  }
  for (const key of before.keys()) {
    if (!after.has(key)) {
      changed.push(key);
    }
  }
  return changed;
}
