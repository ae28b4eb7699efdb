/**
 * Kustomize's files among the input. A kustomization says which resources belong together and how they are changed; what it
 * lists as a patch is a part of a resource, and would be a resource without rules if it were read as one.
 */

import path from "node:path";
import type { DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { SourceFile, Span } from "../../diagnostics/span.ts";
import { parseDocuments, type SourceDocument } from "../../source/parse.ts";
import { isObject } from "./is-object.ts";
import type { FieldPath } from "./resource.ts";

/** What Kustomize itself looks for in a folder. */
const NAMES = new Set(["kustomization.yaml", "kustomization.yml", "Kustomization"]);

export function isKustomization(file: SourceFile): boolean {
  return NAMES.has(path.basename(file.path));
}

export interface Kustomizations {
  readonly files: readonly SourceFile[];
  /** Where a file is listed as a patch. */
  listingOf(file: SourceFile): Span | undefined;
}

export function findKustomizations(files: readonly SourceFile[]): Kustomizations {
  const found = files.filter(isKustomization);
  const patches = new Map<string, Span>();
  for (const file of found) {
    const folder = path.dirname(file.path);
    for (const document of parseDocuments(file, { report() {} })) {
      for (const [name, place] of patchesOf(document)) {
        patches.set(path.join(folder, name), document.spanOf(place));
      }
    }
  }
  return {
    files: found,
    listingOf: (file) => (patches.size === 0 ? undefined : patches.get(path.normalize(file.path))),
  };
}

/** The files of `patches` and `patchesStrategicMerge`; patches that stand in the kustomization itself are none. */
function* patchesOf({ value }: SourceDocument): Iterable<readonly [string, FieldPath]> {
  for (const field of ["patches", "patchesStrategicMerge"]) {
    const list = isObject(value) ? value[field] : undefined;
    for (const [i, entry] of (Array.isArray(list) ? list : []).entries()) {
      if (typeof entry === "string") {
        yield [entry, [field, i]];
      } else if (isObject(entry) && typeof entry.path === "string") {
        yield [entry.path, [field, i, "path"]];
      }
    }
  }
}

/** What to do instead of reading the files of a folder with a kustomization. */
export function buildHelp(folder: string): string {
  return `Check what Kustomize makes of it: \`kustomize build ${folder} | sluice check -\`.`;
}

/** Once, whatever their number. */
export function reportKustomizations({ files }: Kustomizations, sink: DiagnosticSink): void {
  const [first, ...others] = files;
  if (first === undefined) {
    return;
  }
  const more = others.length === 0 ? "is" : `and ${others.length} more kustomizations are`;
  sink.report({
    code: "SL0018",
    level: "info",
    message: `${first.path} ${more} not applied: resources are read as they are in their files`,
    help: buildHelp(others.length === 0 ? path.dirname(first.path) : "DIRECTORY"),
  });
}

export function reportPatch(document: SourceDocument, listing: Span, sink: DiagnosticSink): void {
  sink.report({
    code: "SL0015",
    level: "warning",
    message: "this patch for Kustomize is skipped: it is only a part of a resource",
    span: document.span,
    related: [{ message: "listed here", span: listing }],
    help: buildHelp(path.dirname(listing.file.path)),
  });
}
