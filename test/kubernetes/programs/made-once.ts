/**
 * Programs that tests need and that this repository does not have are made once for a machine, each in a folder of its own that is
 * named for its versions. The folder gets its name last: what is there is whole.
 */

import { mkdir, rename, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { withLock } from "../../../compiler/platform/lock.ts";

export type Log = (line: string) => void;

/** The folder of that name, which `make` fills if it is not there. Tells `log` what is made, and what is waited for. */
export async function madeOnce(
  name: string,
  log: Log,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const cache = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "sluice");
  const home = path.join(cache, name);
  if (await exists(home)) {
    return home;
  }
  await mkdir(cache, { recursive: true });
  const onWait = () => log(`another process makes ${name}; waiting for it`);
  return withLock(`${home}.lock`, { onWait }, async () => {
    if (await exists(home)) {
      return home;
    }
    log(`making ${home}`);
    const half = `${home}.half`;
    await rm(half, { recursive: true, force: true });
    await mkdir(half);
    await make(half);
    await rename(half, home);
    return home;
  });
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
