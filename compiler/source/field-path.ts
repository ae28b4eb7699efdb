/** Keys and list indices from a resource's root: `["spec", "http", 0, "match"]`. */
export type FieldPath = readonly (string | number)[];

/** `spec.http[1].match`: list items count from 1, as people count. */
export function nameOf(path: FieldPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") {
      text += `[${part + 1}]`;
    } else if (/^[\w-]+$/.test(part)) {
      text += text === "" ? part : `.${part}`;
    } else {
      text += `[${JSON.stringify(part)}]`;
    }
  }
  return text;
}
