/**
 * Files laid over a cluster: what would be there, were they applied. An object that a file has, too, is that of the file, and as old as
 * the cluster's; one that is new is the youngest; all others are the cluster's.
 */

import { type AppliedTo, appliedKey } from "../../diagnostics/applied-to.ts";
import type { DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import { parseDocuments } from "../../source/parse.ts";
import type { RuleSource } from "../../source/rule-source.ts";
import { RESOURCE_TYPES, type ResourceType } from "../client/resource-types.ts";
import { documentPath } from "./object-document.ts";

/**
 * What `cluster` has, with the objects of `laid` in the place of its own. `namespace` is the one into which `kubectl` applies what
 * names none. An object of the cluster that is wrong stands alone as in the cluster; a file that is wrong is an error.
 */
export function overlay(cluster: RuleSource, laid: RuleSource, namespace: string): RuleSource {
  return {
    ...(cluster.standsAlone !== undefined && {
      standsAlone: (file: SourceFile) => file.appliedTo === undefined && cluster.standsAlone!(file),
    }),
    async read(sink, progress) {
      const [below, above] = await Promise.all([cluster.read(sink, progress), laid.read(sink, progress)]);
      return layOver(below, above, namespace);
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
): SourceFile[] {
  const byPath = new Map(below.map((file) => [file.path, file]));
  const replaced = new Set<string>();
  const laid = above.map((file) => {
    const created = new Map<string, string>();
    for (const { path, key } of objectsIn(file, namespace)) {
      const known = byPath.get(path);
      if (known !== undefined) {
        replaced.add(path);
        created.set(key, createdAt(known));
      }
    }
    return appliedFile(file, { namespace, created });
  });
  return [...below.filter(({ path }) => !replaced.has(path)), ...laid];
}

/** The same file as long as it and what it replaces are: then it is not parsed again. */
const applied = new WeakMap<SourceFile, SourceFile & { readonly appliedTo: AppliedTo }>();

function appliedFile(file: SourceFile, appliedTo: AppliedTo): SourceFile {
  const known = applied.get(file);
  const isSame =
    known?.appliedTo.namespace === appliedTo.namespace &&
    known.appliedTo.created.size === appliedTo.created.size &&
    [...appliedTo.created].every(([key, time]) => known.appliedTo.created.get(key) === time);
  if (isSame) {
    return known;
  }
  const made = { ...file, appliedTo };
  applied.set(file, made);
  return made;
}

interface Named {
  /** Of its document in the cluster. */
  readonly path: string;
  readonly key: string;
}

function objectsIn(file: SourceFile, namespace: string): Named[] {
  return parseDocuments(file, UNHEARD).flatMap(({ value }) => namedIn(value, namespace));
}

/** The document itself, or the items of a list. */
function namedIn(value: unknown, otherwise: string): Named[] {
  const { apiVersion, kind, metadata, items } = fieldsOf(value);
  if (Array.isArray(items) && typeof kind === "string" && kind.endsWith("List")) {
    return items.flatMap((item) =>
      namedIn({ apiVersion, kind: kind.slice(0, -"List".length), ...fieldsOf(item) }, otherwise),
    );
  }
  const given = fieldsOf(metadata);
  const type = Object.values<ResourceType>(RESOURCE_TYPES).find((one) => one.kind === kind);
  // Another group may have a kind of the same name, as Gateway.
  const group = typeof apiVersion === "string" && apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
  if (type === undefined || type.group !== group || typeof given.name !== "string") {
    return [];
  }
  const { name } = given;
  const namespace = String(given.namespace || otherwise);
  const place = type.namespaced ? { namespace } : {};
  const path = documentPath(type, { metadata: { name, uid: "", resourceVersion: "", ...place } });
  return [{ path, key: appliedKey(type.kind, namespace, name) }];
}

function createdAt(file: SourceFile): string {
  const [document] = parseDocuments(file, UNHEARD);
  const { creationTimestamp } = fieldsOf(fieldsOf(document?.value).metadata);
  return typeof creationTimestamp === "string" ? creationTimestamp : "";
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}
