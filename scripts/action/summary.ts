/** The summary of the job, which GitHub shows below its workflow. */

import { summary } from "@actions/core";

/** Bytes; GitHub drops the whole summary of a step beyond 1 MiB. */
const MOST = 900_000;

export async function writeSummary(markdown: string): Promise<void> {
  // Outside of GitHub there is none.
  if (!process.env.GITHUB_STEP_SUMMARY) {
    return;
  }
  await summary.addRaw(shortened(markdown, MOST, "the rest is too long for a summary"), true).write();
}

/** What fits into `most` bytes: whole lines, and that there was more. */
export function shortened(markdown: string, most: number, more: string): string {
  if (Buffer.byteLength(markdown) <= most) {
    return markdown;
  }
  const end = `\n\n… ${more}.\n`;
  let size = Buffer.byteLength(end);
  const lines: string[] = [];
  for (const line of markdown.split("\n")) {
    size += Buffer.byteLength(line) + 1;
    if (size > most) {
      break;
    }
    lines.push(line);
  }
  return lines.join("\n") + end;
}
