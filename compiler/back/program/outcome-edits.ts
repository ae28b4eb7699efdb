/** What the filter changes in a request that goes on: literal headers, the host, the path. */

import * as layout from "../../../filter/layout.ts";
import { literal } from "../../ir/header-values.ts";
import type { Destination, Forward, HeaderMutation, PathMatch, PathRewrite, Route } from "../../ir/ir.ts";
import { requestHeadersByClass } from "../../ir/route-class.ts";
import type { BlobWriter } from "./writer.ts";

/** What a route does to every request that goes on. */
export function writeRouteEdits(writer: BlobWriter, { match }: Route, action: Forward): number {
  return rewritesHostTwice(action) ? 0 : writeEdits(writer, routeEdits(writer, match.path, action));
}

function routeEdits(
  writer: BlobWriter,
  path: PathMatch | undefined,
  action: Forward,
  hostBefore?: string,
): number[] {
  return requestHeadersByClass(action).route
    ? []
    : [
        ...headerEdits(writer, action.requestHeaders),
        ...(action.hostRewrite === undefined
          ? []
          : edit(writer, layout.EDIT_HOST, hostBefore ?? "", action.hostRewrite)),
        ...pathEdits(writer, path, action.rewrite),
      ];
}

/** The upstream is told of the host that the route's took the place of: then that of a destination. */
function rewritesHostTwice({ hostRewrite, destinations }: Forward): boolean {
  return hostRewrite !== undefined && destinations.some((one) => one.hostRewrite !== undefined);
}

/** What goes before it for one of several destinations. */
export function writeDestinationEdits(
  writer: BlobWriter,
  { match }: Route,
  action: Forward,
  destination: Destination,
): number {
  const host = destination.hostRewrite;
  const byClass = requestHeadersByClass(action, destination);
  return writeEdits(writer, [
    ...(byClass.destination ? [] : headerEdits(writer, destination.requestHeaders)),
    // Of a destination's own host the upstream is not told what it took the place of.
    ...(host === undefined || byClass.route ? [] : edit(writer, layout.EDIT_SET, ":authority", host)),
    ...(rewritesHostTwice(action) ? routeEdits(writer, match.path, action, host) : []),
  ]);
}

function writeEdits(writer: BlobWriter, words: readonly number[]): number {
  return words.length === 0 ? 0 : writer.sharedRecord(layout.KIND_EDITS, words);
}

/** Envoy takes what replaces before what is added, wherever each stands in the list; nothing empty is written. */
function headerEdits(writer: BlobWriter, mutation: HeaderMutation | undefined): number[] {
  const written = (mutation?.write ?? []).filter(({ value }) => value !== "");
  const set = written.filter(({ append }) => !append);
  const add = written.filter(({ append }) => append);
  return [
    ...(mutation?.remove ?? []).flatMap((name) => edit(writer, layout.EDIT_REMOVE, name)),
    ...set.flatMap(({ name, value }) => edit(writer, layout.EDIT_SET, name, literal(value))),
    ...add.flatMap(({ name, value }) => edit(writer, layout.EDIT_ADD, name, literal(value))),
  ];
}

function pathEdits(
  writer: BlobWriter,
  match: PathMatch | undefined,
  rewrite: PathRewrite | undefined,
): number[] {
  // An expression's substitution is Envoy's to do, by class.
  if (rewrite?.kind !== "matched") {
    return [];
  }
  const value = writer.string(rewrite.value);
  const start = matchedStart(match);
  return start === undefined
    ? [layout.EDIT_PATH, 0, 0, value.offset, value.length]
    : [layout.EDIT_PATH_START, 0, start, value.offset, value.length];
}

/** Bytes at the start of a path that a match stands for; `undefined`: the whole path. */
export function matchedStart(match: PathMatch | undefined): number | undefined {
  if (match === undefined) {
    return 1;
  }
  return match.kind === "prefix" ? Buffer.byteLength(match.value) : undefined;
}

function edit(writer: BlobWriter, kind: number, name: string, value = ""): number[] {
  const pooledName = writer.string(name);
  const pooledValue = writer.string(value);
  return [kind, pooledName.offset, pooledName.length, pooledValue.offset, pooledValue.length];
}
