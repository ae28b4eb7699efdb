/**
 * Everything that `npm start` and `npm test` need before their own work: a Node that is new enough, the packages of
 * the lock file, the build. Only Node's own modules here: this runs on a fresh clone.
 */

import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/**
 * Makes the checkout ready to run. Ends the process with one clear line when it cannot. What it does is said on
 * standard error when `quietly`, for a program whose own output is read by another. `names`: what to build, if not all.
 */
export async function setup({ quietly = false, names = [] } = {}) {
  const say = quietly ? console.error : console.log;
  await installPackages({ quietly });
  const { build, BuildError } = await import("./build.mjs");
  try {
    await build({ names, log: (line) => say(`setup: ${line}`) });
  } catch (error) {
    if (error instanceof BuildError) {
      fail(error.message);
    }
    throw error;
  }
}

/** The part of `setup` for what needs packages, but nothing of the build. */
export async function installPackages({ quietly = false } = {}) {
  const say = quietly ? console.error : console.log;
  const manifest = await readJson(path.join(ROOT, "package.json"));
  const problem = nodeProblem(process.versions.node, manifest.engines.node);
  if (problem !== undefined) {
    fail(problem);
  }
  if (await packagesMatch(ROOT)) {
    return;
  }
  say("setup: installing the packages of package-lock.json (npm ci)");
  // Under `npm test` npm names itself; development packages are wanted whatever NODE_ENV says.
  const npm = process.env.npm_execpath;
  const args = ["ci", "--include=dev", "--no-audit", "--no-fund"];
  const stdio = ["ignore", quietly ? process.stderr : "inherit", "inherit"];
  const code = npm?.endsWith(".js")
    ? await run(process.execPath, [npm, ...args], { stdio })
    : await run("npm", args, { stdio });
  if (code !== 0) {
    fail(`npm ci failed (exit code ${code}); see its output above`);
  }
}

/** Why this Node will not do, if it will not. `range` is the `>=X.Y` of `engines.node`. */
export function nodeProblem(version, range) {
  const least = /^>=(\d+)\.(\d+)/.exec(range);
  const [major, minor] = version.split(".").map(Number);
  const enough = major > Number(least[1]) || (major === Number(least[1]) && minor >= Number(least[2]));
  return enough ? undefined : `Sluice needs Node ${least[1]}.${least[2]} or newer; this is Node ${version}`;
}

/** Compares what npm says it installed with the lock file: times say nothing after a checkout. */
export async function packagesMatch(folder) {
  try {
    const wanted = (await readJson(path.join(folder, "package-lock.json"))).packages;
    const present = (await readJson(path.join(folder, "node_modules", ".package-lock.json"))).packages;
    return Object.entries(wanted).every(
      ([name, { version, optional, link }]) =>
        name === "" || link === true || optional === true || present[name]?.version === version,
    );
  } catch {
    return false;
  }
}

async function readJson(file) {
  return JSON.parse(await readFile(file, "utf8"));
}

/**
 * Runs a program with our output as its own; gives its exit code, 1 when a signal ended it. `priority` is one of
 * `os.constants.priority`.
 */
export function run(command, args, { priority, ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"], ...options });
    if (priority !== undefined && child.pid !== undefined) {
      os.setPriority(child.pid, priority);
    }
    child.on("error", (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(1);
    });
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/** Runs one of our programs in our place: with our streams, and the signals that we get. Gives its exit code. */
export function become(program, args, options = {}) {
  const child = spawn(process.execPath, [path.join(ROOT, "dist", program), ...args], {
    stdio: "inherit",
    ...options,
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      // Ctrl-C reaches it through the terminal; it ends first, and takes its processes with it.
      if (signal !== "SIGINT" || !process.stdin.isTTY) {
        child.kill(signal);
      }
    });
  }
  return new Promise((resolve) => child.on("close", (code) => resolve(code ?? 1)));
}

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}
