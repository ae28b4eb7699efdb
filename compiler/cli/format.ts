/** How a command reports, and the JSON of those that report findings beside their own subject. */

import type { Findings } from "../index.ts";

export type Format = "text" | "json";

/** What was found, and after it what the command is about. */
export function jsonOf({ diagnostics, summary }: Findings, more: object = {}): string {
  return `${JSON.stringify({ diagnostics, summary, ...more }, null, 2)}\n`;
}
