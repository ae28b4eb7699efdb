/** Resources that were put one behind another without a `---`, as `cat a.yaml b.yaml` does: each of their keys is there twice. */

import { type Document, isMap, isScalar, type Scalar } from "yaml";

/** The keys with which a second resource, a third … begins in the same document; none when keys are there twice for another reason. */
export function keysAfterMissingSeparators({ contents }: Document.Parsed): Scalar[] {
  if (!isMap(contents)) {
    return [];
  }
  const starts: Scalar[] = [];
  let names = new Set<unknown>();
  for (const { key } of contents.items) {
    if (!isScalar(key)) {
      return [];
    }
    if (names.has(key.value)) {
      if (!isResource(names)) {
        return [];
      }
      starts.push(key);
      names = new Set();
    }
    names.add(key.value);
  }
  return isResource(names) ? starts : [];
}

function isResource(names: ReadonlySet<unknown>): boolean {
  return names.has("apiVersion") && names.has("kind");
}
