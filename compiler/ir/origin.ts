/** Where a rule stands, for people: which resource, which of its rules, and the place in a file. */

import { positionAt } from "../diagnostics/position.ts";
import type { RouteOrigin } from "./ir.ts";

export interface RulePlace {
  /** `namespace/name#rule`, by which metrics and logs name the rule. */
  readonly id?: string;
  /** `namespace/name` of the VirtualService, and which of its rules; absent for a service without rules. */
  readonly resource?: string;
  /** Count from 1. */
  readonly rule?: number;
  readonly match?: number;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

export function place(origin: RouteOrigin | undefined): RulePlace {
  if (origin === undefined) {
    return {};
  }
  const { line, column } = positionAt(origin.span.file, origin.span.start);
  return {
    id: origin.id,
    resource: origin.resource,
    rule: origin.rule + 1,
    ...(origin.match !== undefined && { match: origin.match + 1 }),
    file: origin.span.file.path,
    line,
    column,
  };
}
