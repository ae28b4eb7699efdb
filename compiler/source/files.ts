/** Files and folders as a source of rules. */

import { NO_PROGRESS } from "../progress.ts";
import { FileInput } from "./file-input.ts";
import type { RuleSource } from "./rule-source.ts";

/** Of `files`. */
export interface FilesOptions {
  /**
   * Patterns of files and folders to leave out: `values*.yaml` matches at any depth, `charts/**` as seen from the folder that is
   * searched, or from the working directory. Default: none.
   */
  readonly exclude?: readonly string[];
}

/**
 * Rules in files. A folder is all its `.yaml`, `.yml` and `.json`, with the folders in it except hidden ones and `node_modules`; `-` is standard
 * input, which is read once and never changes. A file that is reached in several ways is read once. One that cannot be
 * read is a finding (SL0001 to SL0004), no exception.
 */
export function files(paths: readonly string[], { exclude = [] }: FilesOptions = {}): RuleSource {
  mustBeStrings("paths", paths);
  mustBeStrings("exclude", exclude);
  const input = new FileInput({ paths, exclude });
  return {
    read: (sink, progress = NO_PROGRESS) => input.read(sink, progress),
    watch: (onChange) => input.watch(onChange),
  };
}

function mustBeStrings(name: string, value: unknown): void {
  if (!Array.isArray(value) || value.some((one) => typeof one !== "string")) {
    throw new TypeError(`files: ${name} must be a list of strings, got ${JSON.stringify(value)}`);
  }
}
