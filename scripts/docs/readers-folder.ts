/** A folder as a reader has one who follows the documents: what they call `rules`, `my-rules` or `tests` is there. */

import { mkdtempSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { ROOT } from "./site-pages.ts";

/** Names that documents use, and what stands for them. */
const NAMES: Readonly<Record<string, string>> = {
  envoy: "envoy",
  rules: "envoy/examples/ci/rules",
  tests: "envoy/examples/ci/tests",
  "main-rules": "envoy/bookinfo/rules",
  "my-rules": "envoy/bookinfo/rules",
  "registry.yaml": "envoy/bookinfo/registry.yaml",
};

/** A new folder below the temporary ones; the caller removes it. */
export function readersFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "sluice-documents-"));
  for (const [name, target] of Object.entries(NAMES)) {
    symlinkSync(path.join(ROOT, target), path.join(folder, name));
  }
  return folder;
}
