/**
 * What a folder of rules holds beside rules: values of charts, manifests of packages, descriptions of APIs, patches. Whoever
 * checks a whole folder did not mean those. But a resource with a slip in it must never be taken for one of them, or its
 * rules would be gone without a word: what has anything of a resource is not foreign.
 */

import { distance } from "fastest-levenshtein";
import { nearest } from "../../diagnostics/nearest.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import type { SourceDocument } from "../../source/parse.ts";
import { isObject } from "./is-object.ts";
import { KIND_SCHEMAS } from "./schema/kinds.ts";

/** Words of which every resource has several, so that one of them is spelt right. */
const ANY_WORD = /kind|apiversion|metadata|spec/i;
/** The start of a line, or of a field between braces, that makes a resource of a text. */
const KEY = /(?:^|[{,])[ \t]*(?:- )?["']?(?:apiVersion|kind)["']?[ \t]*:/im;

/** Whether a text need not even be parsed. One without a colon may be the first word of a resource that is being written. */
export function isPlainlyForeign({ text }: SourceFile): boolean {
  return text.includes(":") && !ANY_WORD.test(text);
}

/** Whether nothing of a file is a resource, or a slip of one. `isBroken`: it could not be read as a whole. */
export function isForeign(
  file: SourceFile,
  documents: readonly SourceDocument[],
  isBroken: boolean,
): boolean {
  if (isBroken) {
    return !KEY.test(file.text);
  }
  return documents.length > 0 && documents.every(({ value }) => isForeignValue(value));
}

function isForeignValue(value: unknown): boolean {
  if (Array.isArray(value)) {
    return !value.some((item) => isObject(item) && ("kind" in item || "apiVersion" in item));
  }
  if (!isObject(value)) {
    // A word; but not the beginning of a resource that is being written.
    return !/^\s*(?:a|ap|api.*|k|ki|kin|kind.*)$/i.test(String(value));
  }
  const names = Object.keys(value);
  const kind = names.find((name) => isLike(name, "kind"));
  const hasVersion = names.some((name) => isLike(name, "apiversion"));
  const hasBody = names.some((name) => isLike(name, "metadata") || isLike(name, "spec"));
  if (kind !== undefined) {
    return !hasVersion && !hasBody && nearest(String(value[kind]), Object.keys(KIND_SCHEMAS)) === undefined;
  }
  if (hasVersion) {
    // As in a Chart.yaml; the version of a kind that we read has a group, or there is nothing else yet.
    return !hasBody && names.length > 1 && !String(value.apiVersion).includes("/");
  }
  return !(names.some((name) => isLike(name, "metadata")) && names.some((name) => isLike(name, "spec")));
}

/** Two letters may be wrong in a long name; a short one would be like too many. */
function isLike(name: string, wanted: string): boolean {
  const lower = name.toLowerCase();
  return lower === wanted || (wanted.length > 6 && distance(lower, wanted) <= 2);
}
