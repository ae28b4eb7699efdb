/**
 * Makes the programs of the suite `kubernetes` while other suites run: the API server takes minutes to build, once for a machine,
 * and gives way to whatever else wants the processor.
 */

import { spawn } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { ROOT } from "./setup.mjs";

/** The code it ends with where this machine lacks what it needs. */
const NOT_HERE = 3;

/**
 * Begins; resolves with the last words of it, if it fails: `problem` where this machine lacks what is needed, `failure`
 * otherwise. Needs a build.
 */
export function makeKubernetesPrograms() {
  const child = spawn(process.execPath, [path.join(ROOT, "dist", "kubernetes-programs.js")], {
    stdio: ["ignore", "inherit", "pipe"],
  });
  os.setPriority(child.pid, os.constants.priority.PRIORITY_LOW);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    errors += text;
  });
  return new Promise((resolve) => {
    child.on("close", (code) => {
      const words = errors.trimEnd().split("\n").at(-1);
      if (code === 0) {
        resolve({});
      } else if (code === NOT_HERE) {
        resolve({ problem: words });
      } else {
        process.stderr.write(errors);
        resolve({ failure: words });
      }
    });
  });
}
