/**
 * Changes the rules of a running Envoy, make before break:
 *
 *     1  clusters and endpoints   the old ones and the new ones
 *     2  listeners                the old ones and the new ones; a new one has its rules from the start
 *        route classes            the old ones and the new ones: rules name them
 *     3  rules                    the new ones, for every listener
 *     4  what nothing uses any more is removed
 *
 * Each step is a generation of the build directory, which Envoy reads as a whole, and the next one waits until Envoy
 * has taken it: by the version that its statistics show for each file that changed, and until nothing warms up any
 * more. A step that Envoy rejects ends the sequence, and the old generation is put back.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { AdminClient } from "../envoy/admin.ts";
import { lastWordsOf } from "../envoy/start.ts";
import { unionOfClasses, withFiltersOf } from "./route-classes.ts";
import { type OutputFiles, writeOutput } from "./write.ts";

export interface ReloadTarget {
  readonly admin: AdminClient;
  /** Envoy's log, growing while it runs. */
  readonly log: readonly string[];
}

export interface ReloadOptions {
  /** The directory that Envoy reads from. */
  readonly directory: string;
  readonly oldFiles: OutputFiles;
  readonly newFiles: OutputFiles;
  /** How long Envoy may take for one step. */
  readonly stepTimeoutMs?: number;
  /** How long requests decided by the old rules have until the clusters they were sent to may go. */
  readonly drainMs?: number;
  /** Ends that time at once and leaves the removal to the next reload: newer rules are waiting. */
  readonly hurry?: AbortSignal;
  /** Gives up where it stands; the reload then throws. */
  readonly signal?: AbortSignal;
  /** Told when the new rules serve, before what is left of the old ones is removed. */
  readonly onServing?: () => void;
}

export type ReloadStep = "clusters" | "listeners" | "rules" | "removal";

export type ReloadResult =
  /**
   * `files` is what the directory holds now: the new files and what is left of the old ones. `removed` is false when
   * the old clusters and listeners were left to the next reload.
   */
  | { readonly kind: "reloaded"; readonly files: OutputFiles; readonly removed: boolean }
  | { readonly kind: "unchanged" }
  /** The bootstrap differs: Envoy reads it only when it starts. Nothing was done. */
  | { readonly kind: "restartNeeded" }
  /** The old rules serve. */
  | { readonly kind: "rejected"; readonly step: ReloadStep; readonly words: readonly string[] };

const STEP_TIMEOUT_MS = 30_000;
const DRAIN_MS = 2_000;
const LOOK_EVERY_MS = 20;

export async function reload(envoy: ReloadTarget, options: ReloadOptions): Promise<ReloadResult> {
  const { oldFiles, newFiles } = options;
  const same = (name: string) => text(oldFiles, name) === text(newFiles, name);
  if (!same("envoy.json")) {
    return { kind: "restartNeeded" };
  }
  let current = oldFiles;
  let serving = false;
  const announce = () => {
    if (!serving) {
      serving = true;
      options.onServing?.();
    }
  };
  const steps = planSteps(oldFiles, newFiles);
  if (steps.length === 0) {
    return { kind: "unchanged" };
  }
  for (const step of steps) {
    if (step.name === "removal" && !serving) {
      announce();
      if (!(await drained(options))) {
        return { kind: "reloaded", files: current, removed: false };
      }
    }
    const words = await take(envoy, options, current, step.files);
    if (words !== undefined) {
      // Envoy may have taken a part of the step: the old files put it back.
      await take(envoy, options, step.files, oldFiles);
      return { kind: "rejected", step: step.name, words };
    }
    current = step.files;
  }
  announce();
  return { kind: "reloaded", files: current, removed: true };
}

/** False when there is no time for it. */
async function drained({ drainMs, signal, hurry }: ReloadOptions): Promise<boolean> {
  const signals = [signal, hurry].filter((one) => one !== undefined);
  try {
    await sleep(drainMs ?? DRAIN_MS, undefined, { signal: AbortSignal.any(signals) });
    return true;
  } catch (error) {
    if (hurry?.aborted && !signal?.aborted) {
      return false;
    }
    throw error;
  }
}

interface Step {
  readonly name: ReloadStep;
  readonly files: OutputFiles;
}

/** The generations on the way from one build to another; those that change nothing are left out. */
export function planSteps(oldFiles: OutputFiles, newFiles: OutputFiles): Step[] {
  const isRules = (name: string) => /^xds\/(ecds|rds)\//.test(name);
  // A listener with a filter's program has its route classes beside it; else its routes are its rules.
  const isClasses = (name: string) =>
    name.startsWith("xds/rds/") && newFiles.has(name.replace("xds/rds/", "xds/ecds/"));

  const clusters = new Map(oldFiles);
  clusters.set("xds/cds.json", union(oldFiles, newFiles, "xds/cds.json"));
  for (const [name, contents] of newFiles) {
    if (/^xds\/[es]ds\//.test(name)) {
      clusters.set(name, contents);
    } else if (isRules(name) && !oldFiles.has(name)) {
      clusters.set(name, contents); // nobody reads it yet; it is there when the listener comes
    } else if (!name.startsWith("xds/")) {
      clusters.set(name, contents); // the module, blobs and the manifest are not read by a running Envoy
    }
  }

  const listeners = new Map(clusters);
  listeners.set("xds/lds.json", union(oldFiles, newFiles, "xds/lds.json"));
  for (const name of newFiles.keys()) {
    if (isClasses(name) && oldFiles.has(name)) {
      listeners.set(name, unionOfClasses(text(oldFiles, name)!, text(newFiles, name)!));
    }
  }

  const rules = new Map(listeners);
  for (const [name, contents] of newFiles) {
    if (isRules(name) && !isClasses(name)) {
      rules.set(name, contents);
    }
  }

  // A listener that is gone goes on reading its rules and secrets until its last connection has drained.
  const last = new Map(newFiles);
  // A cluster that is gone reads its endpoints once more before Envoy drops it, and warns when the file is not there.
  const removal = new Map(newFiles);
  for (const [name, contents] of oldFiles) {
    if (!newFiles.has(name) && (isRules(name) || name.startsWith("xds/sds/"))) {
      last.set(name, contents);
      removal.set(name, contents);
    } else if (!newFiles.has(name) && name.startsWith("xds/eds/")) {
      removal.set(name, contents);
    }
  }

  const steps: Step[] = [
    { name: "clusters", files: clusters },
    { name: "listeners", files: listeners },
    { name: "rules", files: rules },
    { name: "removal", files: removal },
    { name: "removal", files: last },
  ];
  let before: OutputFiles = oldFiles;
  return steps.filter(({ files }) => {
    const changes = xdsNames(before, files).some((name) => text(before, name) !== text(files, name));
    before = files;
    return changes;
  });
}

/** Writes a generation and waits for Envoy. Gives Envoy's words when it was rejected. */
async function take(
  envoy: ReloadTarget,
  options: ReloadOptions,
  before: OutputFiles,
  files: OutputFiles,
): Promise<readonly string[] | undefined> {
  const expected = subscriptionsChanged(before, files);
  const logStart = envoy.log.at(-1);
  const statsBefore = await envoy.admin.stats(STATS);
  await writeOutput(options.directory, files);

  const timeoutMs = options.stepTimeoutMs ?? STEP_TIMEOUT_MS;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    // In this order: what a version that is seen here has set off shows in the statistics that are read after it.
    const versions = await readVersions(envoy.admin);
    const stats = await envoy.admin.stats(STATS);
    const rejected = [...stats].filter(
      ([name, value]) => REJECTED.test(name) && value > (statsBefore.get(name) ?? 0),
    );
    if (rejected.length > 0) {
      return wordsSince(
        envoy.log,
        logStart,
        rejected.map(([name]) => `${name} grew`),
      );
    }
    const missing = expected.filter(({ statistic, version }) => versions.get(statistic) !== version);
    const warming =
      (stats.get("cluster_manager.warming_clusters") ?? 0) +
      (stats.get("listener_manager.total_listeners_warming") ?? 0);
    if (missing.length === 0 && warming === 0) {
      return undefined;
    }
    if (Date.now() > deadline) {
      const what = missing.map(({ statistic }) => statistic);
      const waited = [
        `Envoy has not taken it after ${timeoutMs / 1000} s: ${what.join(", ") || "it is warming up"}`,
      ];
      return wordsSince(envoy.log, logStart, waited);
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal: options.signal });
  }
}

const STATS =
  "update_rejected$|update_failure$|config_fail$|listener_create_failure$|warming_clusters$|total_listeners_warming$";
const REJECTED = /(update_rejected|update_failure|config_fail|listener_create_failure)$/;

interface Expected {
  /** Name of the text statistic that shows the version taken. */
  readonly statistic: string;
  readonly version: string;
}

/** The subscriptions whose file changed, among those that Envoy has both before and after. */
function subscriptionsChanged(before: OutputFiles, after: OutputFiles): Expected[] {
  const expected: Expected[] = [];
  for (const name of after.keys()) {
    if (!name.startsWith("xds/") || !before.has(name) || text(before, name) === text(after, name)) {
      continue;
    }
    const response = parse(after, name);
    const statistic = versionStatistic(name, response);
    if (statistic !== undefined) {
      expected.push({ statistic, version: response.version_info });
    }
  }
  return expected;
}

function versionStatistic(name: string, response: Response): string | undefined {
  const [, kind, file] = /^xds\/(?:(\w+)\/)?(.+)\.json$/.exec(name) ?? [];
  switch (kind ?? file) {
    case "cds":
      return "cluster_manager.cds.version_text";
    case "lds":
      return "listener_manager.lds.version_text";
    case "ecds":
      return `extension_config_discovery.http_filter.${file}.version_text`;
    case "rds":
      return `http.${file}.rds.${file}.version_text`;
    case "eds":
      // Envoy keeps `:` apart in the names of statistics.
      return `cluster.${response.resources[0]?.cluster_name?.replaceAll(":", "_")}.version_text`;
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

/** What Envoy logged after a line: its errors and warnings, or `otherwise` when it said nothing. */
function wordsSince(
  log: readonly string[],
  last: string | undefined,
  otherwise: readonly string[],
): string[] {
  const from = last === undefined ? 0 : log.lastIndexOf(last) + 1;
  const words = lastWordsOf(log.slice(from));
  return words.length > 0 ? words : [...otherwise];
}

interface Response {
  readonly version_info: string;
  readonly resources: readonly { readonly name?: string; readonly cluster_name?: string }[];
}

function parse(files: OutputFiles, name: string): Response {
  return JSON.parse(text(files, name) ?? '{"version_info":"","resources":[]}');
}

function names(files: OutputFiles, file: string): Set<string | undefined> {
  return new Set(parse(files, file).resources.map((resource) => resource.name));
}

/** The resources of both files; where both have a name, the new one. */
function union(oldFiles: OutputFiles, newFiles: OutputFiles, file: string): string {
  const newer = parse(newFiles, file);
  const older = parse(oldFiles, file);
  const known = names(newFiles, file);
  const kept = older.resources.filter((resource) => !known.has(resource.name));
  const before = new Map(older.resources.map((resource) => [resource.name, resource]));
  const both = newer.resources.map(
    (resource) => withFiltersOf(before.get(resource.name), resource) ?? resource,
  );
  if (kept.length === 0 && both.every((resource, index) => resource === newer.resources[index])) {
    return text(newFiles, file)!;
  }
  const version = `${newer.version_info}+${older.version_info.slice(0, 16)}`;
  return `${JSON.stringify({ version_info: version, resources: [...both, ...kept] })}\n`;
}

function xdsNames(a: OutputFiles, b: OutputFiles): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((name) => name.startsWith("xds/"));
}

function text(files: OutputFiles, name: string): string | undefined {
  const contents = files.get(name);
  return contents === undefined || typeof contents === "string" ? contents : Buffer.from(contents).toString();
}
