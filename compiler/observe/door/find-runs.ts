/** Finds the sessions of this user that have a door, and the one that somebody means. */

import { readdir } from "node:fs/promises";
import path from "node:path";
import type { RunAbout } from "./about.ts";
import { DoorClient } from "./client.ts";
import { runFolders, whyNotOurs } from "./run-folders.ts";

export interface FoundRun {
  readonly socket: string;
  readonly about: RunAbout;
}

/** Whoever does not answer so soon is stopped, or ends just now. */
const PATIENCE_MS = 2_000;

/** All that answer, the oldest first. Folders that are not this user's alone are left out: who answers there may be anybody. */
export async function findRuns(folders: readonly string[] = runFolders()): Promise<readonly FoundRun[]> {
  const found = await Promise.all(folders.map(runsIn));
  return found.flat().sort((a, b) => a.about.since - b.about.since);
}

/** Those that somebody means by the id of a process, a folder or file of rules, or the path of a socket. */
export function matchingRuns(runs: readonly FoundRun[], wanted: string): readonly FoundRun[] {
  const file = path.resolve(wanted);
  return runs.filter(
    ({ socket, about }) =>
      String(about.pid) === wanted ||
      socket === file ||
      about.directory === file ||
      about.rules.some((rules) => path.resolve(about.directory, rules) === file),
  );
}

async function runsIn(folder: string): Promise<readonly FoundRun[]> {
  if ((await whyNotOurs(folder)) !== undefined) {
    return [];
  }
  const sockets = (await readdir(folder)).filter((name) => name.endsWith(".sock"));
  const runs = await Promise.all(
    sockets.map(async (name) => {
      const socket = path.join(folder, name);
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const about = await new DoorClient(socket).about({ signal }).catch(() => undefined);
      return about === undefined ? [] : [{ socket, about }];
    }),
  );
  return runs.flat();
}
