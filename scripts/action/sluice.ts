/** Runs the command line as a workflow would, and reads its JSON. */

import { execFile } from "node:child_process";
import path from "node:path";
import { packageRoot } from "../../compiler/index.ts";
import { ActionError } from "./failure.ts";

/** Bytes; what thousands of differences take is a fraction. */
const MAX_OUTPUT = 512 << 20;

export interface Answer<T> {
  /** 0, or 1 when the rules are wrong or a test failed. */
  readonly code: number;
  readonly json: T;
}

/** `args` begin with the command. What Sluice itself calls wrong about the call or the machine is thrown. */
export function askSluice<T>(args: readonly string[], cwd: string): Promise<Answer<T>> {
  const program = path.join(packageRoot().directory, "dist", "sluice.js");
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [program, ...args, "--format", "json"],
      { cwd, maxBuffer: MAX_OUTPUT },
      (failure, out, err) => {
        const code = failure === null ? 0 : failure.code;
        if ((code === 0 || code === 1) && out !== "") {
          resolve({ code, json: JSON.parse(out) });
        } else {
          const words = err.trim().replace(/^error: /, "") || failure?.message || "no output";
          reject(new ActionError(`sluice ${args[0]}: ${words}`));
        }
      },
    );
  });
}
