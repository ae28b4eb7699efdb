/** Istio's `StringMatch`. */

import type { StringMatch as IrStringMatch, ValueMatch } from "../../../ir/ir.ts";
import type { StringMatch } from "../../resources/model.ts";

/** `undefined` for one without a type, whose meaning depends on where it stands. */
export function lowerStringMatch(match: StringMatch): IrStringMatch | undefined {
  if (match.exact !== undefined) {
    return { kind: "exact", value: match.exact };
  }
  if (match.prefix !== undefined) {
    return { kind: "prefix", value: match.prefix };
  }
  if (match.regex !== undefined) {
    return { kind: "regex", value: match.regex };
  }
  return undefined;
}

/** No type at all, or the regex `*` (which is no regular expression): any value, if only there is one. */
export function lowerValueMatch(match: StringMatch | null): ValueMatch {
  const lowered = match === null ? undefined : lowerStringMatch(match);
  return lowered === undefined || (lowered.kind === "regex" && lowered.value === "*")
    ? { kind: "present" }
    : lowered;
}
