/**
 * What AssemblyScript calls when something cannot go on: says where, then traps. Envoy offers no `env.abort`.
 */

import { LOG_CRITICAL, logNumber, logSend, logText } from "./log";

export function onAbort(message: string | null, file: string | null, line: u32, column: u32): void {
  logText("aborted at ");
  if (file !== null) logText(file);
  logText(":");
  logNumber(line);
  logText(":");
  logNumber(column);
  if (message !== null) {
    logText(": ");
    logText(message);
  }
  logSend(LOG_CRITICAL);
  unreachable();
}
