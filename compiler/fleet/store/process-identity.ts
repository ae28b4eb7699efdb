/**
 * Which process somebody is, so that its death is known at once: a number alone is given again, means another process in another
 * container, and nothing after a restart of the machine.
 */

import { readFile, readlink } from "node:fs/promises";

export interface ProcessIdentity {
  /** Of this start of the machine, and of the numbers that its processes have here. */
  readonly world: string;
  readonly pid: number;
  /** When it began, in ticks since the machine did. */
  readonly start: string;
}

/** `undefined` where the system does not tell (it is not Linux), and for one that is not there. */
export async function identityOf(pid: number): Promise<ProcessIdentity | undefined> {
  const [world, start] = [await ownWorld(), await startOf(pid)];
  return world === undefined || start === undefined ? undefined : { world, pid, start };
}

/** Whether it is known to have ended. */
export async function hasEnded({ world, pid, start }: ProcessIdentity): Promise<boolean> {
  return world === (await ownWorld()) && (await startOf(pid)) !== start;
}

async function ownWorld(): Promise<string | undefined> {
  try {
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    return `${boot.trim()} ${await readlink("/proc/self/ns/pid")}`;
  } catch {
    return undefined;
  }
}

/** Field 22 of `proc_pid_stat(5)`; the second one is a name, which may have anything in it. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // One that has ended, and that nobody has asked for yet.
    return state === "Z" || state === "X" ? undefined : rest[18];
  } catch {
    return undefined;
  }
}
