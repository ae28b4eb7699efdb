/** A first rule set in a folder: files that can be checked, tested, explained and run as they are. */

import { access, writeFile } from "node:fs/promises";
import path from "node:path";
import { makeDirectory } from "./run/delivery/make-directory.ts";
import { STARTER_FILES } from "./starter-rules.ts";
import { wrong } from "./wrong-call.ts";

/** Files are there that would be written; nothing was. */
export class FilesInTheWayError extends Error {
  /** Their paths, as they would have been written. */
  readonly files: readonly string[];

  constructor(files: readonly string[]) {
    super(`${files.join(", ")}: already there, and never overwritten; name another folder`);
    this.files = files;
  }
}

/** What `init` gives: the paths of the files, each beginning with the folder as it was named. */
export interface InitResult {
  readonly written: readonly string[];
}

/**
 * Writes a small rule set, its cases and a `sluice.yaml` into a folder, which is made if it is missing. Never overwrites a file:
 * throws a `FilesInTheWayError` then, before anything is written.
 */
export async function init(directory: string): Promise<InitResult> {
  if (typeof directory !== "string" || directory === "") {
    throw wrong("init: directory", "the path of a folder", directory);
  }
  const files = [...STARTER_FILES].map(([name, text]) => ({ file: path.join(directory, name), text }));
  const there: string[] = [];
  for (const { file } of files) {
    if (await exists(file)) {
      there.push(file);
    }
  }
  if (there.length > 0) {
    throw new FilesInTheWayError(there);
  }
  for (const { file, text } of files) {
    await makeDirectory(path.dirname(file));
    // Who writes the same file at the same time keeps what is theirs.
    await writeFile(file, text, { flag: "wx" });
  }
  return { written: files.map(({ file }) => file) };
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
