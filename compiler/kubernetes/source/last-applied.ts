/**
 * Where a finding's place stands in what was applied with `kubectl`. A cluster's own text of an object has defaults, and what others have
 * set; whoever is to mend something looks for it in the file that they applied. `kubectl` keeps that in an annotation, as JSON on
 * one line in which nobody finds anything: it is shown the way the object itself is, and a field that is not in it was set by
 * somebody else.
 */

import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import { fieldsOf, kubernetesField } from "../../source/field-at.ts";
import type { FieldPath } from "../../source/field-path.ts";
import { parseDocuments } from "../../source/parse.ts";
import { yamlText } from "./yaml-text.ts";

/** Appended to the path of an object's document. */
const SUFFIX = "#last-applied";

/** The finding, with that place beside it. `lastApplied`: the annotation; one that is no object adds nothing. */
export function withLastApplied(finding: Diagnostic, lastApplied: string): Diagnostic {
  const { span, related = [] } = finding;
  const value = objectIn(lastApplied);
  if (span === undefined || value === undefined) {
    return finding;
  }
  const file: SourceFile = { path: `${span.file.path}${SUFFIX}`, text: yamlText(value) };
  const [document] = parseDocuments(file, { report() {} });
  if (document === undefined) {
    return finding;
  }
  const path = fieldsOf(span.file)(span);
  const message = has(value, path)
    ? "as it was last applied with kubectl"
    : `\`${kubernetesField(path)}\` is not in what was last applied with kubectl: somebody else has set it`;
  return { ...finding, related: [...related, { message, span: document.spanOf(path) }] };
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

function has(value: unknown, path: FieldPath): boolean {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) {
      return false;
    }
    at = (at as Readonly<Record<string, unknown>>)[step];
  }
  return true;
}
