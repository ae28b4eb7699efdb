/** Prints the counts of all files of recorded cases together, after the last of them. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { type Counts, describeCounts, TALLY_FILE } from "./tally.ts";

export default function setup(): () => void {
  const folder = mkdtempSync(path.join(os.tmpdir(), "sluice-tally-"));
  const file = path.join(folder, "counts.jsonl");
  process.env[TALLY_FILE] = file;
  return () => {
    if (existsSync(file)) {
      const lines = readFileSync(file, "utf8").trim().split("\n");
      const counts = lines.map((line): Counts => JSON.parse(line));
      counts.sort((a, b) => (a.file < b.file ? -1 : 1));
      console.log(counts.map(describeCounts).join("\n"));
    }
    rmSync(folder, { recursive: true, force: true });
  };
}
