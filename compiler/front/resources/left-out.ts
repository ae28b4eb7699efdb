/** Files without a resource in them, counted so that they are told once, and folders of which nothing is left. */

import type { DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import { isKustomization } from "./kustomizations.ts";

/** What a file turned out to be: `foreign` is something else than resources, `wrong` has errors. */
export type Fate = "resources" | "empty" | "foreign" | "wrong";

/** Names that are printed; the others are counted. */
const NAMED = 5;

export function reportLeftOut(fates: ReadonlyMap<SourceFile, Fate>, sink: DiagnosticSink): void {
  const all = [...fates];
  const skipped = all.filter(
    // A kustomization has a note of its own.
    ([file, fate]) => file.folder !== undefined && fate === "foreign" && !isKustomization(file),
  );
  if (skipped.length > 0) {
    sink.report({
      code: "SL0012",
      level: "info",
      message: `skipped ${skipped.length === 1 ? "a file that is not a Kubernetes resource" : `${skipped.length} files that are not Kubernetes resources`}: ${listOf(skipped.map(([{ path }]) => path))}`,
    });
  }
  for (const [file, fate] of all) {
    if (file.folder === undefined && fate === "empty") {
      const span = { file, start: 0, end: Math.min(1, file.text.length) };
      sink.report({
        code: "SL0014",
        level: "warning",
        message: `${file.path} contains no resources`,
        span,
      });
    }
  }
  reportFolders(all, sink);
}

function reportFolders(all: readonly (readonly [SourceFile, Fate])[], sink: DiagnosticSink): void {
  for (const folder of new Set(all.map(([file]) => file.folder))) {
    const fates = all.filter(([file]) => file.folder === folder).map(([, fate]) => fate);
    if (folder === undefined || fates.some((fate) => fate === "resources" || fate === "wrong")) {
      continue;
    }
    const isOther = fates.includes("foreign");
    sink.report({
      code: isOther ? "SL0019" : "SL0014",
      level: isOther ? "error" : "warning",
      message: `${folder} contains no ${isOther ? "Kubernetes resources" : "resources"}`,
    });
  }
}

function listOf(names: readonly string[]): string {
  const more = names.length - NAMED;
  return names.slice(0, NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
