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

// $1 is the process. Half a second short of 5 s between asking and forcing, looked at ten times a second.
const SCRIPT = `
if read -r word; then exit 0; fi
kill -TERM "$1" 2>/dev/null || exit 0
n=0
while [ "$n" -lt 45 ]; do
  sleep 0.1
  kill -0 "$1" 2>/dev/null || exit 0
  n=$((n + 1))
done
kill -KILL "$1" 2>/dev/null
`;

export function watchOver(pid: number): Watchdog {
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "sluice-watchdog", String(pid)], {
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
