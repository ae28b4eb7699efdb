/**
 * Files laid over a cluster: what would be there, were they applied. An object that a file has, too, is that of the file; all others
 * are the cluster's.
 */

import type { DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import { parseDocuments, type SourceDocument } from "../../source/parse.ts";
import type { RuleSource } from "../../source/rule-source.ts";
import { RESOURCE_TYPES, type ResourceType } from "../client/resource-types.ts";
import { documentPath } from "./object-document.ts";

/**
 * What `cluster` has, with the objects of `laid` in the place of its own. `namespace` is the one into which `kubectl` applies what
 * names none: where that is not `default`, such an object is an error (SL0020), since a file is read as if it said `default`.
 */
export function overlay(cluster: RuleSource, laid: RuleSource, namespace: string): RuleSource {
  // A mistake in a file is what whoever lays it over asks about; it must not be passed over for what the cluster has.
  const ofFiles = new WeakSet<SourceFile>();
  return {
    standsAlone: (file) => !ofFiles.has(file) && cluster.standsAlone?.(file) === true,
    async read(sink, progress) {
      const [below, above] = await Promise.all([cluster.read(sink, progress), laid.read(sink, progress)]);
      for (const file of above) {
        ofFiles.add(file);
      }
      return layOver(below, above, namespace, sink);
    },
    async watch(onChange) {
      const watches = await Promise.all([cluster.watch(onChange), laid.watch(onChange)]);
      return {
        close: async () => {
          await Promise.all(watches.map((one) => one.close()));
        },
      };
    },
    explained: (finding) => cluster.explained?.(finding) ?? finding,
  };
}

/** What is wrong with a text is said by whoever compiles it. */
const UNHEARD: DiagnosticSink = { report() {} };

function layOver(
  below: readonly SourceFile[],
  above: readonly SourceFile[],
  namespace: string,
  sink: DiagnosticSink,
): SourceFile[] {
  const places = new Map(below.map((file, i) => [file.path, i]));
  const replaced = new Set<string>();
  const updates = new Map<number, SourceFile[]>();
  const others: SourceFile[] = [];
  for (const file of above) {
    const paths = parseDocuments(file, UNHEARD).flatMap((document) => {
      if (namespace !== "default") {
        requireNamespace(document, namespace, sink);
      }
      return objectsIn(document.value).flatMap(pathOfObject);
    });
    for (const path of paths) {
      replaced.add(path);
    }
    // An object keeps its age when it is changed, and with it its place among those that want the same host; one that is new is the youngest.
    const known = paths.map((path) => places.get(path));
    const isUpdate = known.length > 0 && !known.includes(undefined);
    if (isUpdate) {
      const place = Math.min(...(known as number[]));
      updates.set(place, [...(updates.get(place) ?? []), file]);
    } else {
      others.push(file);
    }
  }
  const kept = below.flatMap((file, i) => [
    ...(updates.get(i) ?? []),
    ...(replaced.has(file.path) ? [] : [file]),
  ]);
  return [...kept, ...others];
}

interface Named {
  readonly type: ResourceType;
  readonly name: string;
  readonly namespace: string | undefined;
}

/** The document itself, or the items of a list. */
function objectsIn(value: unknown): Named[] {
  const { apiVersion, kind, metadata, items } = fieldsOf(value);
  if (Array.isArray(items) && typeof kind === "string" && kind.endsWith("List")) {
    return items.flatMap((item) =>
      objectsIn({ apiVersion, kind: kind.slice(0, -"List".length), ...fieldsOf(item) }),
    );
  }
  const { name, namespace } = fieldsOf(metadata);
  const type = Object.values<ResourceType>(RESOURCE_TYPES).find((one) => one.kind === kind);
  // Another group may have a kind of the same name, as Gateway.
  const group = typeof apiVersion === "string" && apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
  return type !== undefined && type.group === group && typeof name === "string"
    ? [{ type, name, namespace: typeof namespace === "string" && namespace !== "" ? namespace : undefined }]
    : [];
}

function pathOfObject({ type, name, namespace }: Named): string[] {
  const place = type.namespaced ? { namespace: namespace ?? "default" } : {};
  return [documentPath(type, { metadata: { name, uid: "", resourceVersion: "", ...place } })];
}

function requireNamespace(document: SourceDocument, namespace: string, sink: DiagnosticSink): void {
  const missing = objectsIn(document.value).find((one) => one.type.namespaced && one.namespace === undefined);
  if (missing !== undefined) {
    sink.report({
      code: "SL0020",
      level: "error",
      message: `${missing.type.kind} "${missing.name}" names no namespace: kubectl would apply it to "${namespace}", the namespace of the context, and here it would be one of "default"; write \`namespace: ${namespace}\``,
      span: document.spanOf(["metadata", "name"]),
    });
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
