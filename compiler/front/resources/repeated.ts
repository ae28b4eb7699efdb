/**
 * One object of a name. A cluster has one object of each kind, namespace and name, and `kubectl apply` of files that give it
 * twice leaves the last: so the last one is what decides here, too. The others are told, since nobody writes a resource
 * in order to have it replaced, and are gone before anything compares resources with each other.
 */

import { isDeepStrictEqual } from "node:util";
import type { DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import type { ResourceList, ResourceSet } from "./model.ts";
import type { Resource } from "./resource.ts";

/** Kinds that have no namespace, whatever is written there. */
const CLUSTER_WIDE: ReadonlySet<ResourceList> = new Set(["nodes"]);

/** The set with the last of each object, in the order of the input. Reports SL0010 or SL0011 for what was given more than once. */
export function lastOfEach(set: ResourceSet, sink: DiagnosticSink): ResourceSet {
  const { ignored, unreadable, ...lists } = set;
  const kept = Object.entries(lists).map(([list, resources]) => [
    list,
    lastOfList(resources, CLUSTER_WIDE.has(list as ResourceList), sink),
  ]);
  return { ...Object.fromEntries(kept), ignored, unreadable };
}

function lastOfList(
  resources: readonly Resource<unknown>[],
  isClusterWide: boolean,
  sink: DiagnosticSink,
): readonly Resource<unknown>[] {
  const byName = new Map<string, Resource<unknown>[]>();
  for (const resource of resources) {
    const name = objectOf(resource, isClusterWide);
    const same = name === undefined ? undefined : byName.get(name);
    if (same !== undefined) {
      same.push(resource);
    } else if (name !== undefined) {
      byName.set(name, [resource]);
    }
  }
  const replaced = new Set<Resource<unknown>>();
  for (const all of byName.values()) {
    if (all.length > 1) {
      const last = all.pop()!;
      report(last, all, isClusterWide, sink);
      for (const one of all) {
        replaced.add(one);
      }
    }
  }
  return replaced.size === 0 ? resources : resources.filter((one) => !replaced.has(one));
}

/** Whether both are versions of one object that has a name. */
export function isSameObject(list: ResourceList, one: Resource<unknown>, other: Resource<unknown>): boolean {
  const isClusterWide = CLUSTER_WIDE.has(list);
  const object = objectOf(one, isClusterWide);
  return object !== undefined && object === objectOf(other, isClusterWide);
}

/** What tells an object from others; undefined for one that the API server still has to name. All versions of a kind are one kind. */
function objectOf(resource: Resource<unknown>, isClusterWide: boolean): string | undefined {
  const { kind, apiVersion, namespace, name, isGenerated } = resource;
  if (name === "" || isGenerated) {
    return undefined;
  }
  const group = apiVersion.slice(0, Math.max(0, apiVersion.indexOf("/")));
  const where = isClusterWide ? "" : namespace;
  // With their lengths, parts can be told apart whatever is in them.
  return `${group.length} ${group} ${kind.length} ${kind} ${where.length} ${where} ${name}`;
}

function report(
  last: Resource<unknown>,
  replaced: readonly Resource<unknown>[],
  isClusterWide: boolean,
  sink: DiagnosticSink,
): void {
  const { kind, namespace, name } = last;
  const times = replaced.length === 1 ? "twice" : `${replaced.length + 1} times`;
  const isSame = replaced.every((one) => saysTheSame(one, last));
  const placeOf = (resource: Resource<unknown>) => resource.spanOf(["metadata", "name"]);
  sink.report({
    code: isSame ? "SL0011" : "SL0010",
    level: isSame ? "info" : "warning",
    message: `${kind} ${isClusterWide ? name : `${namespace}/${name}`} is given ${times}${isSame ? ", each time with the same contents" : "; this one, the last, is used"}`,
    span: placeOf(last),
    related: replaced.map((one) => ({
      message: isSame ? "also given here" : "this one is not used",
      span: placeOf(one),
    })),
    help: isSame ? "Remove the copies." : "Remove the others, or give each a name of its own.",
  });
}

/** But for its version, and for what the API server writes. */
function saysTheSame(one: Resource<unknown>, other: Resource<unknown>): boolean {
  const comparable = ({ document, labels, annotations, creationTimestamp }: Resource<unknown>) => {
    const { apiVersion: _version, metadata: _metadata, status: _status, ...fields } = document as Fields;
    return { fields, labels, annotations, creationTimestamp };
  };
  return isDeepStrictEqual(comparable(one), comparable(other));
}

type Fields = Readonly<Record<string, unknown>>;
