/** Files and folders as a source of rules. */

import { FileCache, readInputs } from "./read.ts";
import type { RuleSource } from "./rule-source.ts";
import { watchInputs } from "./watch.ts";

/**
 * Rules in files. A folder is all its `.yaml`, `.yml` and `.json`, with the folders in it; `-` is standard input, which is
 * read once and never changes. A file that cannot be read is a finding (SL0001 to SL0004), no exception.
 */
export function files(paths: readonly string[]): RuleSource {
  if (!Array.isArray(paths) || paths.some((one) => typeof one !== "string")) {
    throw new TypeError(`files: paths must be a list of strings, got ${JSON.stringify(paths)}`);
  }
  const cache = new FileCache();
  return {
    read: (sink, progress) => readInputs(paths, sink, progress, cache),
    watch: (onChange) => watchInputs({ paths, onChange }),
  };
}
