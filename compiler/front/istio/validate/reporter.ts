/** What every validator is given: the resource, and short ways to say what is wrong with one of its fields. */

import type { DiagnosticCode } from "../../../diagnostics/codes.ts";
import { DIAGNOSTIC_CODES } from "../../../diagnostics/codes.ts";
import type { DiagnosticSink } from "../../../diagnostics/diagnostic.ts";
import { type FieldPath, nameOf } from "../../../source/field-path.ts";
import type { Resource } from "../../resources/resource.ts";

export interface Reporter {
  readonly resource: Resource<unknown>;
  /** Reports a finding at a field; the level is the code's. `path` counts from the resource's root. */
  report(code: DiagnosticCode, path: FieldPath, message: string, help?: string): void;
}

export function reporterFor(resource: Resource<unknown>, sink: DiagnosticSink): Reporter {
  return {
    resource,
    report(code, path, message, help) {
      sink.report({
        code,
        level: DIAGNOSTIC_CODES[code].level,
        message: `${nameOf(path)}: ${message}`,
        span: resource.spanOf(path),
        ...(help === undefined ? {} : { help }),
      });
    },
  };
}

/** Calls `visit` for each entry of a list that may be missing, with its path. */
export function each<T>(
  list: readonly T[] | undefined,
  path: FieldPath,
  visit: (item: T, path: FieldPath, index: number) => void,
): void {
  for (const [i, item] of (list ?? []).entries()) {
    visit(item, [...path, i], i);
  }
}
