/** The development tools, run by this Node from the packages of this checkout. Each gives its exit code. */

import path from "node:path";
import { ROOT, run } from "./setup.mjs";

export const PACKAGES = path.join(ROOT, "node_modules");

/** All of it, and what runs in a browser, where other things are at hand. */
export async function runTsc() {
  const tsc = [path.join(PACKAGES, "typescript", "bin", "tsc"), "--noEmit"];
  const failed = await run(process.execPath, tsc);
  return failed || run(process.execPath, [...tsc, "-p", path.join("compiler", "page", "browser")]);
}

export function runBiome() {
  return run(process.execPath, [path.join(PACKAGES, "@biomejs", "biome", "bin", "biome"), "check"]);
}

/** English, against the words that CONTRIBUTING.md advises against. */
export function runProse() {
  return run(process.execPath, [path.join(ROOT, "scripts", "prose.mjs")]);
}

export function runVitest(args, options = {}) {
  return run(process.execPath, [path.join(PACKAGES, "vitest", "vitest.mjs"), ...args], options);
}
