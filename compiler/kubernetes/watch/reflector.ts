/** Keeps the objects of one kind as the API server has them, by list and watch, for as long as it is open. */

import { setTimeout as pause } from "node:timers/promises";
import { EnvironmentError } from "../../platform/error.ts";
import type { KubernetesClient } from "../client/kubernetes-client.ts";
import type { KubernetesObject } from "../client/kubernetes-object.ts";
import { pathOf, type ResourceType } from "../client/resource-types.ts";
import { TimeLimit } from "../client/time-limit.ts";
import { decodeEvent, decodePage } from "./decode.ts";
import { EventLines } from "./event-lines.ts";
import { type Knowledge, ListWatch, type Obstacle, type Step } from "./list-watch.ts";

export interface ReflectorOptions {
  readonly client: KubernetesClient;
  readonly type: ResourceType;
  /** Default: all. */
  readonly namespace?: string;
  /** As of `kubectl -l`. */
  readonly labelSelector?: string;
  /** Such as `metadata.name=istio`. */
  readonly fieldSelector?: string;
  /** What of an object is kept in memory. Its name, namespace, uid and version must stay. Default: all but `managedFields`. */
  readonly keep?: (object: KubernetesObject) => KubernetesObject;
  /** Keys of what has been added, changed or removed; those of one burst together. */
  readonly onChange: (keys: readonly string[]) => void;
  /**
   * A line for whoever runs this, or several that belong together. It is said once, until `onRecovery`; kinds that fail for the same
   * reason, such as a server that is away, say the same line.
   */
  readonly onProblem: (line: string, what: Obstacle) => void;
  readonly onRecovery?: () => void;
}

/** Seconds, at least; the server ends a watch after them, so that nothing hangs for ever. Up to twice as long. */
const WATCH_S = 300;
/** A server sends a bookmark every minute; a connection that is silent for longer than this is dead. */
const SILENCE_MS = 100_000;

export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #machine: ListWatch;
  readonly #closing = new AbortController();
  readonly #known: Promise<void>;
  #setKnown: () => void = () => {};
  #running: Promise<void> | undefined;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#known = new Promise((resolve) => {
      this.#setKnown = resolve;
    });
    this.#machine = new ListWatch({
      type: options.type,
      random: Math.random,
      onProblem: options.onProblem,
      onRecovery: () => options.onRecovery?.(),
    });
  }

  /** Resolves after the first list, or when the kind is known to be missing or forbidden; never while the server is away. */
  start(): Promise<void> {
    this.#running ??= this.#run();
    return this.#known;
  }

  get(key: string): KubernetesObject | undefined {
    return this.#machine.objects.get(key);
  }

  all(): Iterable<KubernetesObject> {
    return this.#machine.objects.values();
  }

  get knowledge(): Knowledge {
    return this.#machine.knowledge;
  }

  /** What is wrong now: the objects may be older than the server's. */
  get problem(): string | undefined {
    return this.#machine.problem;
  }

  /** Nothing is called any more after this. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("closed"));
    this.#setKnown();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#take(this.#machine.next());
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        this.#tell(this.#machine.failed(error as Error));
      }
      if (this.#machine.knowledge !== "nothing") {
        this.#setKnown();
      }
    }
  }

  async #take(step: Step): Promise<void> {
    switch (step.do) {
      case "wait":
        await pause(step.ms, undefined, { signal: this.#closing.signal });
        return;
      case "list":
        await this.#list(step);
        return;
      case "watch":
        await this.#watch(step.resourceVersion);
    }
  }

  async #list({ limit, continueFrom }: Extract<Step, { do: "list" }>): Promise<void> {
    const { client, type } = this.#options;
    const answer = await client.request<unknown>({
      path: this.#path(),
      query: {
        ...this.#selectors(),
        limit: String(limit),
        ...(continueFrom !== undefined && { continue: continueFrom }),
      },
      signal: this.#closing.signal,
    });
    const page = decodePage(answer, type, this.#options.keep);
    if (!this.#closing.signal.aborted) {
      this.#tell(this.#machine.listed(page));
    }
  }

  async #watch(resourceVersion: string): Promise<void> {
    const { client, type, keep } = this.#options;
    const silence = new TimeLimit(SILENCE_MS, this.#closing.signal, () => new SilentWatchError());
    const lines = new EventLines(type.plural);
    const begun = performance.now();
    try {
      const call = {
        path: this.#path(),
        query: {
          ...this.#selectors(),
          watch: "true",
          allowWatchBookmarks: "true",
          resourceVersion,
          timeoutSeconds: String(Math.floor(WATCH_S * (1 + Math.random()))),
        },
        signal: silence.signal,
      };
      const chunks = client.stream(call, () => this.#machine.opened());
      for await (const chunk of chunks) {
        silence.refresh();
        this.#read(lines.take(chunk), type, keep);
      }
    } finally {
      silence.end();
    }
    this.#machine.ended(performance.now() - begun);
  }

  /** What was read before something that is wrong counts, and is told. */
  #read(lines: readonly string[], type: ResourceType, keep: ReflectorOptions["keep"]): void {
    const changed = new Set<string>();
    try {
      for (const line of lines) {
        const key = this.#machine.happened(decodeEvent(line, type, keep));
        if (key !== undefined) {
          changed.add(key);
        }
      }
    } finally {
      this.#tell([...changed]);
    }
  }

  #tell(keys: readonly string[]): void {
    if (keys.length > 0 && !this.#closing.signal.aborted) {
      this.#options.onChange(keys);
    }
  }

  #path(): string {
    return pathOf(this.#options.type, { namespace: this.#options.namespace });
  }

  #selectors(): Record<string, string> {
    const { labelSelector, fieldSelector } = this.#options;
    return {
      ...(labelSelector !== undefined && { labelSelector }),
      ...(fieldSelector !== undefined && { fieldSelector }),
    };
  }
}

class SilentWatchError extends EnvironmentError {
  constructor() {
    super(`a watch was silent for ${SILENCE_MS / 1000} s; its connection is taken for dead`);
    this.name = "SilentWatchError";
  }
}
