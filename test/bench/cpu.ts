/** CPU time of another process, in microseconds. */

import { readdirSync, readFileSync } from "node:fs";

/** Ticks of utime and stime, which Linux fixes at 100 a second for whoever reads /proc. */
const TICK_US = 10_000;

/**
 * All threads of a process. The scheduler's own account counts nanoseconds; where the kernel keeps none, the ticks
 * of utime and stime have to do.
 */
export function cpuMicroseconds(pid: number): number {
  let total = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const text = readOrEmpty(`/proc/${pid}/task/${thread}/schedstat`);
    if (text === "") {
      return ticks(pid) * TICK_US;
    }
    total += Number(text.split(" ")[0]) / 1000;
  }
  return total;
}

function ticks(pid: number): number {
  // The second field is the name in brackets, and may hold spaces.
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return "";
  }
}

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readOrEmpty(`/proc/${pid}/status`));
  return Number(line?.[1] ?? 0) * 1024;
}
