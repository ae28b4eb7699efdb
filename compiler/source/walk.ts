/** The files of a folder and of all folders in it, as far as they can be read. */

import { type Dirent, readdirSync } from "node:fs";
import path from "node:path";
import { TooManyError } from "./bounded.ts";

/** Entries; a whole file system was hardly meant, and would take minutes. */
const MAX_ENTRIES = 1_000_000;

/** In a fixed order. Links to folders are not followed. */
export function filesIn(
  folder: string,
  isWanted: (name: string) => boolean,
  onUnreadable: (name: string, error: unknown) => void,
  most = MAX_ENTRIES,
): string[] {
  const files: string[] = [];
  const folders = [folder];
  let seen = 0;
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    let entries: Dirent[] = [];
    try {
      entries = readdirSync(next, { withFileTypes: true });
    } catch (error) {
      onUnreadable(next, error);
    }
    seen += entries.length;
    if (seen > most) {
      throw new TooManyError(most);
    }
    for (const entry of entries) {
      const name = path.join(next, entry.name);
      if (entry.isDirectory()) {
        folders.push(name);
      } else if (isWanted(entry.name)) {
        files.push(name);
      }
    }
  }
  return files.sort();
}
