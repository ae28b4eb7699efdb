/** What `sluice check` says of an object and of others because of it, and did not say before. */

import { checkSources } from "../../answers/check/check.ts";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import type { SourceFile, Span } from "../../diagnostics/span.ts";
import { describeResource } from "../../front/resources/describe-resource.ts";
import type { Resource } from "../../front/resources/model.ts";
import type { ProxyOptions } from "../../options.ts";
import { fieldsOf } from "../../source/field-at.ts";
import type { FieldPath } from "../../source/field-path.ts";
import type { Surrounding } from "./surroundings.ts";
import { type ObjectFinding, objectFinding } from "./wording.ts";

/** Without `old` an object is made, without `now` it is deleted. */
export interface ObjectChange {
  readonly old?: Resource<unknown>;
  /** A result of `fileOfObject`. */
  readonly now?: SourceFile;
}

export function changeFindings(
  { old, now }: ObjectChange,
  { concerned, resources }: Surrounding,
  proxy: ProxyOptions,
): ObjectFinding[] {
  const others = new Map<SourceFile, Resource<unknown>>();
  for (const one of resources) {
    if (one !== old && one.span.file !== now) {
      others.set(fileOfObject(one.document!), one);
    }
  }
  const before = [...others.keys(), ...(old === undefined ? [] : [fileOfObject(old.document!)])];
  const after = [...others.keys(), ...(now === undefined ? [] : [now])];
  const said = new Set(check(before, proxy).map((finding) => keyOf(finding)));
  const found: ObjectFinding[] = [];
  const fields = new FieldsAt();
  for (const diagnostic of check(after, proxy)) {
    const { span } = diagnostic;
    const other = span && others.get(span.file);
    if (span !== undefined && span.file === now) {
      found.push(objectFinding(diagnostic, undefined, fields.of(span)));
    } else if (span !== undefined && other && concerned.has(other) && !said.has(keyOf(diagnostic))) {
      found.push(objectFinding(diagnostic, describeResource(other), fields.of(span)));
    }
  }
  return found;
}

/** An object as a text of its own, without what the API server keeps in it for itself, which can be larger than the rest. */
export function fileOfObject(object: object): SourceFile {
  const known = files.get(object);
  if (known !== undefined) {
    return known;
  }
  const { metadata, status: _, ...rest } = object as Record<string, unknown>;
  const { managedFields: __, ...kept } = (metadata ?? {}) as Record<string, unknown>;
  const path = `${String(rest.kind)} ${String(kept.namespace ?? "default")}/${String(kept.name)}`;
  const file = { path, text: JSON.stringify({ ...rest, metadata: kept }) };
  files.set(object, file);
  return file;
}

/** For as long as the object is there: what is parsed of a text is kept with the text. */
const files = new WeakMap<object, SourceFile>();

function check(files: readonly SourceFile[], proxy: ProxyOptions): Diagnostic[] {
  const found: Diagnostic[] = [];
  checkSources(files, proxy, { report: (diagnostic) => void found.push(diagnostic) });
  return found;
}

/** The same thing of the same place, whichever reading says it. */
function keyOf({ code, message, span }: Diagnostic): string {
  return JSON.stringify([code, message, span?.file.path, span?.start]);
}

/** Which fields stand at places; each text is parsed once. */
class FieldsAt {
  readonly #byFile = new Map<SourceFile, ReturnType<typeof fieldsOf>>();

  of(span: Span): FieldPath {
    const known = this.#byFile.get(span.file) ?? fieldsOf(span.file);
    this.#byFile.set(span.file, known);
    return known(span);
  }
}
