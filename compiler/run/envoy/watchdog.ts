/**
 * Ends a process when this one is gone, however it went: also by SIGKILL, which no exit hook sees.
 *
 * A small shell waits for the end of a pipe that only this process holds open. When the pipe closes without a word,
 * the shell ends the other process; a word first calls it off. It has a session of its own, so that a signal to the
 * terminal's process group does not take it along. Nothing here depends on Linux's parent-death signal.
 */

import { spawn } from "node:child_process";

export interface Watchdog {
  /** Call it off: the process has ended, and its id may belong to another one soon. */
  dismiss(): void;
}

// $1 is the process, the rest are temporary folders of ours that would be left. Asked first, forced after 4.5 s.
const SCRIPT = `
if read -r word; then exit 0; fi
pid=$1
shift
n=0
kill -TERM "$pid" 2>/dev/null && while [ "$n" -lt 45 ] && kill -0 "$pid" 2>/dev/null; do
  sleep 0.1
  n=$((n + 1))
done
kill -KILL "$pid" 2>/dev/null
[ $# -eq 0 ] || rm -rf -- "$@"
`;

export function watchOver(pid: number, temporaryFolders: readonly string[] = []): Watchdog {
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "sluice-watchdog", String(pid), ...temporaryFolders], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  // Without a shell there is no watchdog; the exit hooks still do their part.
  shell.on("error", () => {});
  shell.stdin.on("error", () => {});
  shell.unref();
  (shell.stdin as unknown as { unref?: () => void }).unref?.();
  let dismissed = false;
  return {
    dismiss() {
      if (!dismissed) {
        dismissed = true;
        shell.stdin.end("over\n");
      }
    },
  };
}
