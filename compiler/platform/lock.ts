/**
 * A lock between processes, held as a file that names its owner. A killed owner is noticed at once on the same
 * machine; the owner also touches the file while it works, so that a lock whose time stands still is known to be
 * abandoned where process ids say nothing: after a restart, or in a container that shares the folder. A lock that does
 * not name its owner, as a full disk or a crash may leave one, is nobody's as soon as there was time to write a name.
 */

import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import os from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const TOUCH_EVERY_MS = 2_000;
const ABANDONED_AFTER_MS = 20_000;
/** Within which an owner has written its name. */
const NAMELESS_AFTER_MS = 1_000;
const LOOK_EVERY_MS = 100;

export interface LockOptions {
  /** Called once when another process holds the lock. */
  readonly onWait?: () => void;
  readonly abandonedAfterMs?: number;
  /** Gives up waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** Runs `work` while holding the lock at `file`, whose folder must exist. */
export async function withLock<T>(file: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const id = randomUUID();
  const owner = `${os.hostname()} ${process.pid} ${id}`;
  let waited = false;
  while (!(await take(file, owner))) {
    if (await isAbandoned(file, options.abandonedAfterMs ?? ABANDONED_AFTER_MS)) {
      // Moved away first: of several that wait, one succeeds, and none removes the lock that it then takes.
      const aside = `${file}.${id}`;
      await rename(file, aside).catch(() => {});
      await rm(aside, { force: true });
      continue;
    }
    if (!waited) {
      waited = true;
      options.onWait?.();
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal: options.signal });
  }
  const touch = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => {});
  }, TOUCH_EVERY_MS);
  touch.unref();
  try {
    return await work();
  } finally {
    clearInterval(touch);
    if ((await readFile(file, "utf8").catch(() => "")) === owner) {
      await rm(file, { force: true });
    }
  }
}

async function take(file: string, owner: string): Promise<boolean> {
  const handle = await open(file, "wx").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EEXIST") {
      return undefined;
    }
    throw error;
  });
  if (handle === undefined) {
    return false;
  }
  try {
    await handle.writeFile(owner);
    return true;
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

async function isAbandoned(file: string, afterMs: number): Promise<boolean> {
  try {
    const age = Date.now() - (await stat(file)).mtimeMs;
    const [host, pid, id] = (await readFile(file, "utf8")).split(" ");
    if (age > afterMs || (id === undefined && age > NAMELESS_AFTER_MS)) {
      return true;
    }
    return id !== undefined && host === os.hostname() && !isAlive(Number(pid));
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
