/** Lines of the input that may be seen by anybody who looks: what is a secret in them is hidden. */

import { hideSecrets } from "./hide-secrets.ts";
import { linesOf } from "./position.ts";
import type { SourceFile } from "./span.ts";

/** Files with secrets in them, made fit to be seen once and not for each question; `undefined`: there are none. */
const harmless = new WeakMap<SourceFile, readonly string[] | undefined>();

/** Lines `first` to `last`, which count from 1, without their ends; what is not there is left out. */
export function visibleLines(file: SourceFile, first: number, last: number): readonly string[] {
  if (!harmless.has(file)) {
    const hasSecrets = file.text.includes("Secret");
    harmless.set(file, hasSecrets ? hideSecrets(file.text.split("\n"), file.text) : undefined);
  }
  const lines = harmless.get(file);
  return lines === undefined ? linesOf(file, first, last) : lines.slice(Math.max(0, first - 1), last);
}
