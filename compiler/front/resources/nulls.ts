/** Fields that are null, wherever they are read: in resources, in a mesh configuration, in what an annotation says of a proxy. */

import { isObject } from "./is-object.ts";

/** Conditions on names: a null one is not the same as none. */
const CONDITIONS = new Set(["headers", "withoutHeaders", "queryParams"]);

/**
 * A field that is null is a field that is not given, as Kubernetes has it. Hardly any resource has one: what is as it
 * should be is handed back and not copied, which would take as much memory again.
 */
export function withoutNulls(value: unknown, name = ""): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => withoutNulls(item));
    return items.every((item, i) => Object.is(item, value[i])) ? value : items;
  }
  if (!isObject(value)) {
    return value;
  }
  let same = true;
  const fields: [string, unknown][] = [];
  for (const [key, field] of Object.entries(value)) {
    const kept = field === null && !CONDITIONS.has(name) ? undefined : withoutNulls(field, key);
    same &&= Object.is(kept, field);
    if (kept !== undefined) {
      fields.push([key, kept]);
    }
  }
  return same ? value : Object.fromEntries(fields);
}
