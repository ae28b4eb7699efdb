/**
 * A thread that compiles scopes of a fleet, so that the one that serves the streams is free for them. It has a workspace of its own:
 * rules are parsed here once more, since a parsed document has places and functions, which no message can carry, and costs a worker
 * once what copying it would cost at each change. What it makes is sent in parcels.
 */

import { parentPort, workerData } from "node:worker_threads";
import type { Compilation } from "./compile.ts";
import type { Diagnostic } from "./diagnostics/diagnostic.ts";
import { Report } from "./diagnostics/render/report.ts";
import type { SourceFile } from "./diagnostics/span.ts";
import { ParcelSender } from "./fleet/scope/parcels.ts";
import type { FromWorker, ToWorker, WorkerSettings } from "./fleet/scope/worker-messages.ts";
import type { ProxyOptions } from "./options.ts";
import { Workspace } from "./workspace.ts";

/** What is sent of a scope. */
export interface CompiledScope {
  readonly findings: readonly Diagnostic[];
  readonly compilation?: Omit<Compilation, "sources">;
}

class ScopeWorker {
  readonly #workspace: Workspace;
  readonly #sender = new ParcelSender();
  #files: readonly SourceFile[] = [];
  #numbers: ReadonlyMap<SourceFile, number> = new Map();
  /** Options that are equal are one object, by which the compiler knows a proxy. */
  #options = new Map<string, ProxyOptions>();

  constructor({ strict, quiet }: WorkerSettings) {
    this.#workspace = new Workspace({
      source: { read: async () => this.#files, watch: async () => ({ close: async () => {} }) },
      strict,
      quiet,
    });
  }

  take(message: ToWorker): void {
    if (message.kind === "sources") {
      const before = this.#files;
      this.#files = message.files.map((file) => (typeof file === "number" ? before[file]! : file));
      this.#numbers = new Map(this.#files.map((file, i) => [file, i]));
    }
  }

  async compile(id: number, given: ProxyOptions): Promise<FromWorker> {
    try {
      const { findings, compilation } = await this.#workspace
        .snapshotOf(this.#files)
        .compile(this.#known(given));
      const scope: CompiledScope = {
        findings: findings instanceof Report ? findings.found : [],
        ...(compilation && {
          compilation: {
            config: compilation.config,
            blobs: compilation.blobs,
            clusterParts: compilation.clusterParts,
          },
        }),
      };
      return { id, scope: this.#sender.pack(scope, this.#numbers), gone: this.#sender.takeGone() };
    } catch (error) {
      const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { id, failure, gone: this.#sender.takeGone() };
    }
  }

  #known(options: ProxyOptions): ProxyOptions {
    const key = JSON.stringify({ ...options, portMap: [...options.portMap] });
    const known = this.#options.get(key) ?? options;
    this.#options.set(key, known);
    return known;
  }
}

if (parentPort !== null) {
  const port = parentPort;
  const worker = new ScopeWorker(workerData as WorkerSettings);
  // One after another: the sources are those of the last message about them.
  let turn: Promise<void> = Promise.resolve();
  port.on("message", (message: ToWorker) => {
    turn = turn.then(async () => {
      worker.take(message);
      if (message.kind === "compile") {
        port.postMessage(await worker.compile(message.id, message.options));
      }
    });
  });
}
