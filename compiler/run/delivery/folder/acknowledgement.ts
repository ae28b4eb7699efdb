/**
 * How an Envoy that reads files says that it has taken them: nobody acknowledges a file, but the statistics show the
 * version of each subscription that was taken last, count what was rejected, and tell what warms up.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { keyOf, namedIn, type Resource } from "../../../back/xds/resource-set.ts";
import type { AdminClient } from "../../envoy/admin.ts";
import { lastWordsOf } from "../../envoy/start.ts";
import type { Answer } from "../delivery.ts";
import { differenceOf } from "../difference.ts";
import type { Step } from "../steps.ts";
import { listVersion } from "./layout.ts";

export interface ObservedEnvoy {
  readonly admin: AdminClient;
  /** Its log, growing while it runs. */
  readonly log: readonly string[];
}

const LOOK_EVERY_MS = 20;
const STATS =
  "update_rejected$|update_failure$|config_fail$|listener_create_failure$|warming_clusters$|total_listeners_warming$";
const REJECTED = /(update_rejected|update_failure|config_fail|listener_create_failure)$/;

/** Where an Envoy stands before files are written, and what it makes of them then. */
export class Acknowledgement {
  readonly #envoy: ObservedEnvoy;
  readonly #lastLine: string | undefined;
  readonly #statsBefore: ReadonlyMap<string, number>;

  private constructor(envoy: ObservedEnvoy, statsBefore: ReadonlyMap<string, number>) {
    this.#envoy = envoy;
    this.#lastLine = envoy.log.at(-1);
    this.#statsBefore = statsBefore;
  }

  /** To be called before the files of a step are written. */
  static async expect(envoy: ObservedEnvoy): Promise<Acknowledgement> {
    return new Acknowledgement(envoy, await envoy.admin.stats(STATS));
  }

  /** Waits until Envoy has taken the step, has rejected a part of it, or was given time enough. */
  async of(step: Step, timeoutMs: number, signal?: AbortSignal): Promise<Answer> {
    const { admin } = this.#envoy;
    const expected = expectedVersions(step);
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      // In this order: what a version that is seen here has set off shows in the statistics that are read after it.
      const versions = await readVersions(admin);
      const stats = await admin.stats(STATS);
      const rejected = [...stats].filter(
        ([name, value]) => REJECTED.test(name) && value > (this.#statsBefore.get(name) ?? 0),
      );
      if (rejected.length > 0) {
        return this.#rejection(rejected.map(([name]) => `${name} grew`));
      }
      const missing = expected.filter(({ statistic, version }) => versions.get(statistic) !== version);
      const warming =
        (stats.get("cluster_manager.warming_clusters") ?? 0) +
        (stats.get("listener_manager.total_listeners_warming") ?? 0);
      if (missing.length === 0 && warming === 0) {
        return { accepted: true };
      }
      if (Date.now() > deadline) {
        const what = missing.map(({ statistic }) => statistic);
        return this.#rejection([
          `Envoy has not accepted it after ${timeoutMs / 1000} s: ${what.join(", ") || "it is warming up"}`,
        ]);
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
  }

  /** With what Envoy logged meanwhile: its errors and warnings, or `otherwise` when it said nothing. */
  #rejection(otherwise: readonly string[]): Answer {
    const { log } = this.#envoy;
    const from = this.#lastLine === undefined ? 0 : log.lastIndexOf(this.#lastLine) + 1;
    const words = lastWordsOf(log.slice(from));
    return { accepted: false, words: words.length > 0 ? words : otherwise };
  }
}

interface Expected {
  /** Name of the text statistic that shows the version taken. */
  readonly statistic: string;
  readonly version: string;
}

/** Those of the subscriptions that somebody has before and after, and whose file changes. */
export function expectedVersions({ from, to }: Step): Expected[] {
  const { changed, removed } = differenceOf(from, to);
  const [namedBefore, namedAfter] = [namedIn(from), namedIn(to)];
  const isRead = (resource: Resource) => namedBefore.has(keyOf(resource)) && namedAfter.has(keyOf(resource));
  const touched = new Set([...changed, ...removed].map(({ type }) => type));
  const expected: Expected[] = [];
  if (touched.has("cluster")) {
    expected.push({ statistic: "cluster_manager.cds.version_text", version: listVersion(to.cluster) });
  }
  if (touched.has("listener")) {
    expected.push({ statistic: "listener_manager.lds.version_text", version: listVersion(to.listener) });
  }
  for (const resource of changed) {
    const statistic = versionStatistic(resource);
    if (statistic !== undefined && isRead(resource)) {
      expected.push({ statistic, version: resource.version });
    }
  }
  return expected;
}

/** `undefined` for what has none: members of a list, and secrets. */
function versionStatistic({ type, name }: Resource): string | undefined {
  switch (type) {
    case "extension":
      return `extension_config_discovery.http_filter.${name}.version_text`;
    case "routes":
      // Of the connection manager that has the listener's name.
      return `http.${name}.rds.${name}.version_text`;
    case "endpoints":
      // Envoy keeps `:` apart in the names of statistics.
      return `cluster.${name.replaceAll(":", "_")}.version_text`;
    default:
      return undefined;
  }
}

async function readVersions(admin: AdminClient): Promise<Map<string, string>> {
  const { body } = await admin.get("/stats?type=TextReadouts&filter=version_text");
  const versions = new Map<string, string>();
  for (const line of body.split("\n")) {
    const match = /^(.+): "(.*)"$/.exec(line);
    if (match !== null) {
      versions.set(match[1]!, match[2]!);
    }
  }
  return versions;
}
