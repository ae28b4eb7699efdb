/** Where a Chromium is on this machine, for the tests of the page and for its pictures. */

import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import path from "node:path";

/** As Debian, other systems and Google call it. */
const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const TIMEOUT_MS = 20_000;

/** `{ path, version }`, or `{ problem }`: why there is none, in a line. `CHROMIUM_BIN` names one that is not on PATH. */
export async function findChromium(environment = process.env) {
  const named = environment.CHROMIUM_BIN;
  if (named) {
    const version = await versionOf(path.resolve(named));
    return version === undefined
      ? { problem: `CHROMIUM_BIN: ${named} does not run` }
      : { path: path.resolve(named), version };
  }
  const folders = (environment.PATH ?? "").split(path.delimiter).filter((folder) => folder !== "");
  for (const file of NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name)))) {
    const version = (await isExecutable(file)) ? await versionOf(file) : undefined;
    if (version !== undefined) {
      return { path: file, version };
    }
  }
  return { problem: "there is no Chromium on PATH; Debian has it as the package chromium" };
}

function isExecutable(file) {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function versionOf(program) {
  return new Promise((resolve) => {
    execFile(program, ["--version"], { timeout: TIMEOUT_MS }, (error, stdout) => {
      resolve(error ? undefined : (/\d[\d.]*/.exec(stdout)?.[0] ?? "unknown"));
    });
  });
}
