/**
 * Findings in the words of the API server and kubectl: no file is at hand, so each says its object and its field, its code, and
 * what to write instead.
 */

import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { describeResource } from "../../front/resources/describe-resource.ts";
import { kubernetesField } from "../../source/field-at.ts";
import { type FieldPath, nameOf } from "../../source/field-path.ts";
import type { AdmissionRequest, AdmissionStatus, StatusCause } from "./admission-review.ts";

/** A finding, and where it is in an object. */
export interface ObjectFinding {
  readonly level: Diagnostic["level"];
  /** `VirtualService team/reviews`; absent: the object that is reviewed, or none. */
  readonly object?: string;
  /** As Kubernetes writes it; empty for the whole object. */
  readonly field: string;
  /** With the code, and what to write instead. */
  readonly text: string;
  /** Without what to write instead. */
  readonly brief: string;
}

/** Of the API: longer ones may be cut anywhere. */
const LONGEST_WARNING = 256;
/** What the API server keeps of all warnings of a request is 4,096 characters. */
const MOST_WARNINGS = 16;
/** Of errors: who has so many begins with the first. */
const MOST_CAUSES = 50;

/**
 * `object`: whose text `diagnostic.span` is in, where that is not the one that is reviewed. `path`: the field that stands there.
 */
export function objectFinding(
  { code, level, message, help }: Diagnostic,
  object: string | undefined,
  path: FieldPath,
): ObjectFinding {
  // Where a message begins with its field, it counts items from 1.
  const name = `${nameOf(path)}: `;
  const said = path.length > 0 && message.startsWith(name) ? message.slice(name.length) : message;
  const brief = `${said} (${code})`;
  return {
    level,
    ...(object !== undefined && { object }),
    field: kubernetesField(path),
    text: help === undefined ? brief : `${brief}. ${help}`,
    brief,
  };
}

/** Of errors, at least one. */
export function refusal(request: AdmissionRequest, errors: readonly ObjectFinding[]): AdmissionStatus {
  const { group, kind, namespace, name } = request;
  const told = errors.slice(0, MOST_CAUSES);
  const more = errors.length - told.length;
  const causes = told.map(
    ({ object, field, text }): StatusCause => ({
      reason: "FieldValueInvalid",
      field: object === undefined ? field || "metadata" : placeOf({ object, field }),
      message: object === undefined ? text : `with this change, ${text}`,
    }),
  );
  if (more > 0) {
    causes.push({ reason: "FieldValueInvalid", field: "metadata", message: `and ${more} more` });
  }
  const lines = causes.map(({ field, message }) => `* ${field}: ${message}`);
  return {
    code: 422,
    status: "Failure",
    reason: "Invalid",
    message: `${describeResource({ kind, namespace, name })} is not valid:\n${lines.join("\n")}`,
    details: { name, group, kind, causes },
  };
}

export function warningsOf(findings: readonly ObjectFinding[]): string[] {
  const all = [...new Set(findings.map(warningOf))];
  const more = all.length - MOST_WARNINGS;
  return more > 1 ? [...all.slice(0, MOST_WARNINGS), `and ${more} more`] : all;
}

function warningOf(finding: ObjectFinding): string {
  const place = placeOf(finding);
  const lines = [finding.text, finding.brief].map((text) =>
    oneLine(place === "" ? text : `${place}: ${text}`),
  );
  const fitting = lines.find(({ length }) => length <= LONGEST_WARNING);
  return fitting ?? `${lines[1]!.slice(0, LONGEST_WARNING - 1).replace(/\p{Surrogate}$/u, "")}…`;
}

function placeOf({ object, field }: Pick<ObjectFinding, "object" | "field">): string {
  return [object, field].filter(Boolean).join(", ");
}

/** A warning is a header of HTTP. */
function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ").trim();
}
