/**
 * Tells a cluster what became of its objects: conditions of each, and Events where a roll-out stopped. One of several servers does,
 * the one that decides. What does not change is not written again, and while proxies take a change, not each of them is told of.
 */

import type { Fleet } from "../../fleet/fleet.ts";
import type { FleetEvent } from "../../fleet/model/event.ts";
import type { RolloutReport } from "../../fleet/model/report.ts";
import type { OnNotice } from "../../fleet/store/state-directory.ts";
import type { KubernetesClient } from "../../kubernetes/client/kubernetes-client.ts";
import { isRule, pathOf, RESOURCE_TYPES } from "../../kubernetes/client/resource-types.ts";
import type { KubernetesSource } from "../../kubernetes/source/kubernetes-source.ts";
import { statementsOf } from "./object-status.ts";
import { programmingOf } from "./programming.ts";
import { stoppedEvent } from "./rollout-event.ts";
import { type StatusTarget, StatusWriter } from "./status-writer.ts";
import { type TrackedObject, TrackedObjects } from "./tracked-objects.ts";

export interface ClusterStatusOptions {
  readonly client: Pick<KubernetesClient, "request">;
  readonly source: Pick<KubernetesSource, "objectOf">;
  /** Whether this server decides. */
  readonly isLeading: () => boolean;
  /** Of this server. */
  readonly instance: string;
  readonly onNotice: OnNotice;
}

/** While proxies take a change, conditions say so at most this often. */
const GATHER_MS = 1_000;
/** Of one roll-out: a change of a thousand objects would be a thousand Events. */
const MOST_EVENTS = 5;

export class ClusterStatus {
  readonly #options: ClusterStatusOptions;
  readonly #writer: StatusWriter;
  readonly #tracked = new TrackedObjects();
  /** What was wanted last of each object, by its uid. */
  #said = new Map<string, string>();
  #fleet: Pick<Fleet, "rollouts" | "newestSources"> | undefined;
  #telling: NodeJS.Timeout | undefined;
  #wasLeading = false;
  #isClosed = false;
  #notice: string | undefined;

  constructor(options: ClusterStatusOptions) {
    this.#options = options;
    this.#writer = new StatusWriter(options);
  }

  /** From now on conditions tell of this fleet. What it knew before this server began was told. */
  watch(fleet: Pick<Fleet, "rollouts" | "newestSources">): void {
    this.#fleet = fleet;
  }

  /** For `onEvent` of the fleet. */
  tell(event: FleetEvent): void {
    switch (event.kind) {
      case "rules":
        if (this.#tracked.all.size === 0) {
          this.#tracked.goOn(this.#fleet?.newestSources ?? []);
        }
        this.#tracked.read({
          revision: event.revision,
          sources: event.snapshot.sources,
          held: event.snapshot.held,
          findings: [
            ...event.snapshot.held.flatMap(({ findings }) => findings.diagnostics),
            ...event.findings.diagnostics,
          ],
        });
        break;
      case "stopped":
        void this.#tellStopped(event.report);
        break;
      case "held":
        return;
    }
    this.#soon();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#telling);
    await this.#writer.close();
  }

  #soon(): void {
    if (!this.#isClosed) {
      this.#telling ??= setTimeout(() => {
        this.#telling = undefined;
        this.#tellAll();
      }, GATHER_MS);
    }
  }

  #tellAll(): void {
    const isLeading = this.#options.isLeading();
    if (!isLeading) {
      if (this.#wasLeading) {
        this.#writer.forget();
        this.#said.clear();
      }
      this.#wasLeading = false;
      return;
    }
    this.#wasLeading = true;
    const rollouts = this.#fleet?.rollouts() ?? [];
    const said = new Map<string, string>();
    for (const object of this.#tracked.all.values()) {
      const target = this.#targetOf(object.file.path);
      if (target === undefined) {
        continue;
      }
      const statements = statementsOf(factsOf(object, rollouts));
      const text = JSON.stringify([target.generation, statements]);
      said.set(target.uid, text);
      if (this.#said.get(target.uid) !== text) {
        this.#writer.want(target, statements);
      }
    }
    this.#said = said;
  }

  #targetOf(path: string): StatusTarget | undefined {
    const object = this.#options.source.objectOf(path);
    return object?.namespace === undefined || !isRule(object.type)
      ? undefined
      : { ...object, namespace: object.namespace };
  }

  /** At the rules that it points at; else at those that the revision brought. */
  async #tellStopped(report: RolloutReport): Promise<void> {
    if (!this.#options.isLeading()) {
      return;
    }
    const blamed = report.failure?.rules?.map(({ file }) => file) ?? [];
    const brought = [...this.#tracked.all.values()]
      .filter(({ origin }) => origin === report.revision)
      .map(({ file }) => file.path);
    const targets = [...new Set(blamed.length > 0 ? blamed : brought)].flatMap(
      (path) => this.#targetOf(path) ?? [],
    );
    for (const target of targets.slice(0, MOST_EVENTS)) {
      await this.#write(target, report);
    }
  }

  async #write(target: StatusTarget, report: RolloutReport): Promise<void> {
    const { client, instance, onNotice } = this.#options;
    try {
      await client.request({
        method: "POST",
        path: pathOf(RESOURCE_TYPES.Event, { namespace: target.namespace }),
        body: stoppedEvent(target, report, instance, new Date()),
      });
      this.#notice = undefined;
    } catch (error) {
      const line = `no Event could be made: ${(error as Error).message}; let the server's account create events of events.k8s.io`;
      if (line !== this.#notice) {
        this.#notice = line;
        onNotice(line);
      }
    }
  }
}

function factsOf({ file, origin, findings, held }: TrackedObject, rollouts: readonly RolloutReport[]) {
  const programming =
    origin === undefined || held !== undefined ? undefined : programmingOf(origin, rollouts);
  return {
    file,
    findings,
    ...(held !== undefined && { heldBack: held }),
    ...(programming !== undefined && { programming }),
  };
}
