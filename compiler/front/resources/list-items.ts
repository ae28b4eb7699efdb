/**
 * The resources of a document: itself, or the items of a list. `kubectl get -o yaml` writes a `List` of whole resources; the API server
 * answers with a list of one kind (`VirtualServiceList`), whose items do not say again what they are.
 */

import type { DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { SourceDocument } from "../../source/parse.ts";
import { isObject } from "./is-object.ts";
import type { FieldPath } from "./resource.ts";

export interface Item {
  readonly value: unknown;
  /** Where it stands in the document. */
  readonly root: FieldPath;
}

/** `isListOfOurs` tells of kinds whose names can mean nothing but a list: without items they are wrong. */
export function itemsOf(
  document: SourceDocument,
  isListOfOurs: (kind: string) => boolean,
  sink: DiagnosticSink,
): Item[] {
  return itemsIn({ value: document.value, root: [] }, document, isListOfOurs, sink);
}

function itemsIn(
  item: Item,
  document: SourceDocument,
  isListOfOurs: (kind: string) => boolean,
  sink: DiagnosticSink,
): Item[] {
  const { value, root } = item;
  if (!isObject(value) || typeof value.kind !== "string" || !value.kind.endsWith("List")) {
    return [item];
  }
  const { kind, items } = value;
  const mustHaveItems = kind === "List" || isListOfOurs(kind);
  if (Array.isArray(items)) {
    return items.flatMap((one, i) =>
      itemsIn({ value: completed(one, value), root: [...root, "items", i] }, document, isListOfOurs, sink),
    );
  }
  // Empty, as Go writes it.
  if (mustHaveItems && items === null) {
    return [];
  }
  if (!mustHaveItems) {
    return [item];
  }
  sink.report({
    code: items === undefined ? "SL0106" : "SL0105",
    level: "error",
    message: items === undefined ? `the ${kind} needs the field items` : "items: expected a list",
    span: document.spanOf(items === undefined ? root : [...root, "items"]),
  });
  return [];
}

/** By what stands in the document: what is known of a resource is kept by its object. */
const complete = new WeakMap<object, object>();

function completed(item: unknown, list: Readonly<Record<string, unknown>>): unknown {
  const kind = String(list.kind).slice(0, -"List".length);
  if (!isObject(item) || kind === "" || (item.kind !== undefined && item.apiVersion !== undefined)) {
    return item;
  }
  const known = complete.get(item) ?? { apiVersion: list.apiVersion, kind, ...item };
  complete.set(item, known);
  return known;
}
