/**
 * Files that are looked at for changes. By looks and not by watches: a link may be swapped anywhere above them, a file may be
 * written in place, and a user has few inotify instances.
 */

import { stat } from "node:fs/promises";

/** Between two looks. What has changed is taken once it is as it was at the look before: its writer is done. */
const LOOK_EVERY_MS = 400;

export interface FileWatch {
  stop(): void;
}

/** Looks at whatever files are named at the time; the first look counts as a change. */
export function watchFiles(files: () => Iterable<string>, onChange: () => void): FileWatch {
  let timer: NodeJS.Timeout;
  let stopped = false;
  /** Of each file, what it was when it was taken last, and at the last look. One that is new here may have changed since it was read. */
  let taken = new Map<string, string>();
  let seen = new Map<string, string>();
  const look = async () => {
    const now = new Map<string, string>();
    for (const file of new Set(files())) {
      now.set(file, await identityOf(file));
    }
    const changed = [...now].filter(([file, identity]) => taken.get(file) !== identity);
    const isAtRest = changed.every(([file, identity]) => seen.get(file) === identity);
    seen = now;
    if (stopped) {
      return;
    }
    if (changed.length > 0 && isAtRest) {
      taken = now;
      onChange();
    }
    schedule();
  };
  const schedule = () => {
    timer = setTimeout(look, LOOK_EVERY_MS);
    timer.unref();
  };
  void look();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function identityOf(file: string): Promise<string> {
  const stats = await stat(file, { bigint: true }).catch(() => undefined);
  return stats === undefined
    ? ""
    : `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
}
