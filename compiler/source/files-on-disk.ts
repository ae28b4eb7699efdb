/** Files that rules name, as the compiler sees them: the one way from the front end to the disk, handed in from above. */

import { existsSync } from "node:fs";
import { regularFileAtMost } from "./bounded.ts";

/** Bytes; the authorities of a whole system are a fraction of it. */
const MAX_FILE_SIZE = 16 * 1024 * 1024;

export const FILES_ON_DISK = {
  /** The text; undefined for what is missing, larger than such files are, or not a regular file. */
  read: (file: string): string | undefined => regularFileAtMost(file, MAX_FILE_SIZE),
  exists: (path: string): boolean => existsSync(path),
};
