/** What a process takes: time, processor time and memory. */

import { spawn } from "node:child_process";

/** Loaded into the measured process before its own code: what it used, when it ends. */
const REPORT_USAGE = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from "node:fs";
  process.on("exit", () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    writeSync(3, JSON.stringify({ peakMiB: maxRSS / 1024, cpuMs: (userCPUTime + systemCPUTime) / 1000 }));
  });
`)}`;

export interface Used {
  readonly ms: number;
  readonly cpuMs: number;
  readonly peakMiB: number;
  readonly output: string;
}

/** Runs a process of Node to its end. */
export function used(args: readonly string[]): Promise<Used> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, ["--import", REPORT_USAGE, ...args], {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    const said = ["", "", "", ""];
    for (const fd of [1, 2, 3]) {
      (child.stdio[fd] as NodeJS.ReadableStream).on("data", (data) => {
        said[fd] += data;
      });
    }
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code !== 0) {
        reject(new Error(`${args.slice(0, 2).join(" ")} ended with ${code ?? signal}\n${said[2]}`));
        return;
      }
      resolve({ ms: performance.now() - start, ...JSON.parse(said[3]!), output: said[1]! });
    });
  });
}
