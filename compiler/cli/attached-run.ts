/** The running session that somebody means who attaches to one. */

import { DoorClient, EnvironmentError, type FoundRun, findRuns, matchingRuns, printable } from "../index.ts";
import { UsageError } from "./exit.ts";

/** What `--run` says. */
export const RUN_OPTION = [
  "--run <which>",
  "which run, where there are several: its process id, or its rules",
] as const;

/** Throws where there is none, or more than one that is meant. */
export async function attachedRun(wanted: string | undefined): Promise<DoorClient> {
  const runs = await findRuns();
  const [first, ...others] = wanted === undefined ? runs : matchingRuns(runs, wanted);
  if (first === undefined) {
    throw new EnvironmentError(
      wanted === undefined || runs.length === 0
        ? "nothing of this user runs; start it with sluice run"
        : `no run is "${wanted}"`,
      runs.map(described),
    );
  }
  if (others.length > 0) {
    throw new UsageError(
      [
        "several runs are meant; name one with --run and its process id",
        ...[first, ...others].map(described),
      ].join("\n  "),
    );
  }
  return new DoorClient(first.socket);
}

function described({ about }: FoundRun): string {
  return printable(`${about.pid}  ${about.rules.join(" ")}  in ${about.directory}`);
}
