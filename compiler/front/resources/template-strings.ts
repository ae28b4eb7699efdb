/**
 * Templates in quotes: `host: "{{ .Values.host }}"` is YAML, and a string. In a rule it is not meant as one, except where any text may
 * stand.
 */

import { hasTemplateAction } from "../../source/templates.ts";
import { isObject } from "./is-object.ts";
import type { FieldPath } from "./resource.ts";

/** Fields that hold text for somebody else. */
const FREE_TEXT = new Set(["annotations", "body"]);

/** Where the first action of a template stands in a resource. */
export function templateIn(value: unknown): FieldPath | undefined {
  if (typeof value === "string") {
    return hasTemplateAction(value) ? [] : undefined;
  }
  const fields = Array.isArray(value) ? value.entries() : isObject(value) ? Object.entries(value) : [];
  for (const [key, field] of fields) {
    if (FREE_TEXT.has(String(key))) {
      continue;
    }
    const path = hasTemplateAction(String(key)) ? [] : templateIn(field);
    if (path !== undefined) {
      return [key, ...path];
    }
  }
  return undefined;
}
